"""Zones: a frozen partition in which every home shares its zone's name with at least k homes.

The tree is flat -> riser (单元) -> building (楼栋) -> block -> community. A node splits only if
every non-empty part keeps at least k homes. The result is frozen: arrivals never split a zone,
and a zone that fell below k is joined to its neighbours by `Partition.coarsened`, a step that
the community logs. "The smallest node with at least k" would be wrong: it leaves the rest of a
split node exposed (docs/privacy.md, "Zones").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from privacy.errors import PrivacyError

K = 20
"""Fewest homes that share a zone."""

NO_CLAIM_BELOW = 10
"""With fewer homes in the community than this, no anonymity is claimed at all."""

Path = tuple[str, ...]

_LEVELS = ("block", "building", "riser")
_NAMES = {
    "block": ("{} 区", "Block {}"),
    "building": ("{} 栋", "Building {}"),
    "riser": ("{} 单元", "riser {}"),
}
_COMMUNITY = ("整个小区", "The whole community")
_MAX_PART = 12
_MAX_ZONES = 4096


class ZoneError(PrivacyError):
    """A path or a zone table that cannot be right."""


class Zone:
    """A node of the tree that homes may name. ``id`` goes into the body; 0 is the community.

    ``homes`` is the number of enrolled homes when the table was frozen.
    """

    __slots__ = ("homes", "id", "level", "path")

    def __init__(self, number: int, level: str, path: Path, homes: int) -> None:
        self.id = number
        self.level = level
        self.path = path
        self.homes = homes

    def name(self, lang: str) -> str:
        """What people call it; ``lang`` is ``zh_CN`` or ``en``."""
        chinese = lang.startswith("zh")
        if not self.path:
            return _COMMUNITY[0 if chinese else 1]
        levels = _LEVELS[_LEVELS.index(self.level) - len(self.path) + 1 :]
        names = [
            _NAMES[level][0 if chinese else 1].format(part)
            for level, part in zip(levels, self.path, strict=False)
        ]
        return " ".join(names) if chinese else ", ".join(names)

    def to_json(self) -> dict[str, object]:
        """One row of the table that everyone gets."""
        return {
            "id": self.id,
            "level": self.level,
            "path": list(self.path),
            "homes": self.homes,
            "zh_CN": self.name("zh_CN"),
            "en": self.name("en"),
        }


class Partition:
    """The zone table of a community. Make one with `freeze`, `coarsened` or `from_json`."""

    __slots__ = ("_by_path", "k", "version", "zones")

    def __init__(self, zones: Sequence[Zone], k: int, version: int) -> None:
        self.zones = tuple(zones)
        self.k = k
        self.version = version
        self._by_path = {zone.path: zone for zone in zones}

    @classmethod
    def freeze(cls, homes: Iterable[Path], k: int = K) -> Partition:
        """Split as far as every non-empty part keeps ``k`` homes.

        Args:
            homes: paths of the enrolled flats, all of one length from 2 to 4, for instance
                ``("3", "2", "1201")``: building, riser, flat.
            k: the floor.

        Raises:
            ZoneError: paths of mixed or impossible lengths, or the same flat twice.
        """
        paths = _checked_paths(homes)
        depth = len(paths[0]) - 1 if paths else 0
        found: list[tuple[Path, int]] = []
        _split((), paths, depth, k, found)
        zones = [
            Zone(number, _level(path, depth), path, count)
            for number, (path, count) in enumerate(sorted(found), start=1 if found[0][0] else 0)
        ]
        return cls(zones, k, 1)

    def coarsened(self, homes: Iterable[Path]) -> Partition:
        """The table for the homes enrolled now: zones below k join their parent's others.

        A home outside every zone (a part that was empty at freezing) makes its nearest known
        parent one zone. Zones that stay keep their number and never split.
        """
        paths = _checked_paths(homes)
        keep = {zone.path for zone in self.zones}
        while True:
            counts = dict.fromkeys(keep, 0)
            lost: Path | None = None
            for path in paths:
                zone = _prefix_in(path, keep)
                if zone is None:
                    lost = _nearest_parent(path, keep)
                    break
                counts[zone] += 1
            if lost is None:
                small = [path for path in keep if path and counts[path] < self.k]
                if not small:
                    break
                lost = max(small, key=len)[:-1]
            keep = {path for path in keep if path[: len(lost)] != lost} | {lost}
        return self._renumbered(keep, counts)

    def _renumbered(self, keep: set[Path], counts: dict[Path, int]) -> Partition:
        following = max((zone.id for zone in self.zones), default=0) + 1
        zones = []
        depth = max((_depth(zone) for zone in self.zones), default=0)
        for path in sorted(keep):
            old = self._by_path.get(path)
            number = 0 if not path else old.id if old else following
            following += number == following
            zones.append(Zone(number, _level(path, depth), path, counts[path]))
        same = [zone.path for zone in zones] == sorted(zone.path for zone in self.zones)
        return Partition(zones, self.k, self.version if same else self.version + 1)

    def zone_of(self, home: Path) -> Zone | None:
        """The zone a home names; None if the table has none for it (then it must not tell)."""
        found = _prefix_in(home, self._by_path)
        return None if found is None else self._by_path[found]

    def zone(self, number: int) -> Zone | None:
        """The zone with this id."""
        return next((zone for zone in self.zones if zone.id == number), None)

    @property
    def homes(self) -> int:
        """How many homes were enrolled at freezing."""
        return sum(zone.homes for zone in self.zones)

    @property
    def undivided(self) -> bool:
        """Whether it is the table before the first freezing: the community, and nobody counted."""
        return not (self.version or self.homes or self.zones[0].path) and len(self.zones) == 1

    @property
    def anonymity_claimed(self) -> bool:
        """False for communities so small that the pages must promise nothing."""
        return self.homes >= NO_CLAIM_BELOW

    def to_json(self) -> dict[str, object]:
        """The table as data; the same for everyone."""
        return {
            "version": self.version,
            "k": self.k,
            "zones": [zone.to_json() for zone in self.zones],
        }

    @classmethod
    def from_json(cls, data: object, floor: int = K) -> Partition:
        """Read a table and refuse one that a home must not use.

        Args:
            data: what `to_json` made.
            floor: the home's own k; a table that promises less is refused.

        Raises:
            ZoneError: malformed, overlapping zones, or a zone below the floor.
        """
        try:
            zones, k, version = _read_table(data)
        except (KeyError, TypeError, ValueError, IndexError):
            raise ZoneError("the zone table is malformed") from None
        paths = {zone.path for zone in zones}
        if not zones or len(zones) > _MAX_ZONES or len(paths) != len(zones):
            raise ZoneError("the zone table is empty, too long, or names a zone twice")
        if len({zone.id for zone in zones}) != len(zones):
            raise ZoneError("two zones have the same number")
        for zone in zones:
            if _prefix_in(zone.path[:-1], paths) is not None and zone.path:
                raise ZoneError("one zone lies within another")
            if bool(zone.id) != bool(zone.path) or not 0 <= zone.id < 65536:
                raise ZoneError("zone 0, and only it, is the community")
            if zone.path and zone.homes < max(k, floor):
                raise ZoneError(f"a zone has fewer than {max(k, floor)} homes")
        return cls(zones, k, version)


def _read_table(data: object) -> tuple[list[Zone], int, int]:
    if not isinstance(data, dict):
        raise TypeError("a table is an object")
    zones = []
    for row in data["zones"]:
        path = tuple(row["path"])
        level = str(row["level"])
        if not all(isinstance(part, str) and 0 < len(part) <= _MAX_PART for part in path):
            raise ValueError("a part of a path")
        if level not in (_LEVELS if path else ("community",)):
            raise ValueError("a level")
        if path and len(path) > _LEVELS.index(level) + 1:
            raise ValueError("a path deeper than its level")
        zones.append(Zone(_number(row["id"]), level, path, _number(row["homes"])))
    return zones, _number(data["k"]), _number(data["version"])


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a number")
    return value


def _checked_paths(homes: Iterable[Path]) -> list[Path]:
    paths = [tuple(home) for home in homes]
    for path in paths:
        if not 2 <= len(path) <= len(_LEVELS) + 1 or len(path) != len(paths[0]):
            raise ZoneError("paths have 2 to 4 parts, all the same number")
        if not all(part and len(part) <= _MAX_PART for part in path):
            raise ZoneError(f"every part of a path has 1 to {_MAX_PART} characters")
    if len(set(paths)) != len(paths):
        raise ZoneError("a flat is enrolled twice")
    return paths


def _split(
    node: Path, homes: list[Path], depth: int, k: int, found: list[tuple[Path, int]]
) -> None:
    parts: dict[Path, list[Path]] = {}
    for home in homes:
        parts.setdefault(home[: len(node) + 1], []).append(home)
    if len(node) == depth or not parts or min(map(len, parts.values())) < k:
        found.append((node, len(homes)))
        return
    for part, members in parts.items():
        _split(part, members, depth, k, found)


def _level(path: Path, depth: int) -> str:
    """The word for a node: the deepest level above flats is the riser."""
    return _LEVELS[len(_LEVELS) - depth + len(path) - 1] if path else "community"


def _depth(zone: Zone) -> int:
    """How many levels above the flat the tree has, as this zone tells."""
    return len(_LEVELS) - _LEVELS.index(zone.level) + len(zone.path) - 1 if zone.path else 0


def _prefix_in(path: Path, known: Iterable[Path] | dict[Path, Zone]) -> Path | None:
    members = known if isinstance(known, (set, dict)) else set(known)
    return next((path[:n] for n in range(len(path), -1, -1) if path[:n] in members), None)


def _nearest_parent(path: Path, keep: set[Path]) -> Path:
    """The deepest prefix of ``path`` that has zones below it (else the community)."""
    for length in range(len(path) - 1, 0, -1):
        if any(zone[:length] == path[:length] for zone in keep):
            return path[:length]
    return ()
