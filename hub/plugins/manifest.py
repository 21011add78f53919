"""The manifest of an integration: data, read and checked strictly before any of its code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from hub.plugins import schema

FILE_NAME = "manifest.json"
MAX_BYTES = 64 * 1024
SCHEMA_PATH = Path(__file__).with_name("manifest.schema.json")


class ManifestProblem(ValueError):
    """A manifest that can't be used; ``problems`` lists every reason."""

    def __init__(self, folder: Path, problems: Iterable[str]) -> None:
        self.folder = folder
        self.problems = list(problems)
        super().__init__(f"{folder.name}/{FILE_NAME}: " + "; ".join(self.problems))


class LanFind(NamedTuple):
    """A service of the home network that an integration knows, and what of it fills its form.

    Attributes:
        service: its mDNS type, such as ``_esphomelib._tcp.local.``.
        fills: setting -> ``host``, ``port``, ``name`` or ``txt.KEY``.
    """

    service: str
    fills: Mapping[str, str]


class Manifest:
    """What an integration says about itself: who it is, its class, kinds and connections.

    Attributes:
        discovery: services of the home network that it knows.
        retained: topic filters under which devices leave their announcements on a broker.
    """

    __slots__ = (
        "class_name",
        "connections",
        "description",
        "discovery",
        "domain",
        "folder",
        "kinds",
        "module",
        "name",
        "personal_data",
        "retained",
        "version",
    )

    def __init__(self, folder: Path, data: Mapping[str, Any]) -> None:
        self.folder = folder
        self.domain: str = data["domain"]
        self.version: str = data["version"]
        self.name: dict[str, str] = data["name"]
        self.description: dict[str, str] = data["description"]
        self.module, _, self.class_name = data["class"].partition(":")
        self.kinds: frozenset[str] = frozenset(data["kinds"])
        self.connections: dict[str, dict[str, list[str]]] = data["connections"]
        found: dict[str, Any] = data.get("discovery", {})
        self.discovery = tuple(
            LanFind(one["service"], one.get("fills", {})) for one in found.get("lan", ())
        )
        self.retained: tuple[str, ...] = tuple(found.get("retained", ()))
        self.personal_data: list[dict[str, Any]] = data["personal_data"]

    def texts(self, lang: str) -> dict[str, str]:
        """The integration's own translations, English text -> text; empty where there are none.

        Read as data from ``translations/<lang>.json``, so no code of the integration runs.
        """
        try:
            content = (self.folder / "translations" / f"{lang}.json").read_bytes()
            found = orjson.loads(content)
        except (OSError, orjson.JSONDecodeError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {key: text for key, text in found.items() if isinstance(text, str)}


@cache
def _schema() -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads(SCHEMA_PATH.read_bytes())
    return loaded


def read_manifest(folder: Path) -> Manifest:
    """Read and check ``folder/manifest.json``; runs no code of the integration.

    Raises:
        ManifestProblem: The file is missing, isn't JSON, or breaks the schema.
    """
    try:
        with (folder / FILE_NAME).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise ManifestProblem(folder, [f"can't be read: {problem.strerror}"]) from None
    if len(content) > MAX_BYTES:
        raise ManifestProblem(folder, [f"is larger than {MAX_BYTES} bytes"])
    try:
        data = orjson.loads(content)
    except orjson.JSONDecodeError as problem:
        raise ManifestProblem(folder, [f"isn't JSON: {problem}"]) from None
    found = schema.problems(data, _schema())
    if found:
        raise ManifestProblem(folder, found)
    if data["domain"] != folder.name:
        raise ManifestProblem(folder, [f"domain {data['domain']!r} isn't the folder's name"])
    return Manifest(folder, data)


def find_manifests(root: Path) -> tuple[list[Manifest], list[ManifestProblem]]:
    """Every manifest directly under the folder ``root``, and what was wrong with the others."""
    manifests: list[Manifest] = []
    wrong: list[ManifestProblem] = []
    for path in sorted(root.glob(f"*/{FILE_NAME}")):
        try:
            manifests.append(read_manifest(path.parent))
        except ManifestProblem as problem:
            wrong.append(problem)
    return manifests, wrong
