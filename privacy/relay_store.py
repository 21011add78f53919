"""What a relay keeps on disk: its key, its pairing, the last roster, and unsent batches.

No content key is among it, and no hash of any cell.
"""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.errors import PrivacyError
from privacy.files import private_folder, read_bounded, sync_folder, write_atomic
from privacy.wire import pack_batch

_LIMIT = 8 * 1024 * 1024


class RelayPairing:
    """Where the relay's gateway is, and the key it must prove."""

    __slots__ = ("certificate", "community", "gateway_key", "secret_hash", "upstream")

    def __init__(self, data: dict[str, object], secret_hash: str) -> None:
        """Read an enrolment answer.

        Raises:
            PrivacyError: malformed.
        """
        try:
            self.gateway_key = base64.b64decode(str(data["gateway_key"]), validate=True)
            self.upstream = str(data["upstream"])
            self.community = str(data["community"])[:100]
        except (KeyError, ValueError):
            raise PrivacyError("the community's answer to the relay is malformed") from None
        pinned = data.get("upstream_certificate")
        self.certificate = None if pinned is None else str(pinned)
        self.secret_hash = secret_hash

    def to_json(self) -> dict[str, object]:
        """As data."""
        return {
            "gateway_key": base64.b64encode(self.gateway_key).decode(),
            "upstream": self.upstream,
            "community": self.community,
            "upstream_certificate": self.certificate,
            "secret_hash": self.secret_hash,
        }


class RelayStore:
    """The relay's folder. All calls block."""

    def __init__(self, folder: Path) -> None:
        self._folder = private_folder(folder)
        self.key = self._load_key()

    def _load_key(self) -> Ed25519PrivateKey:
        path = self._folder / "relay.key"
        if not path.exists():
            write_atomic(path, Ed25519PrivateKey.generate().private_bytes_raw())
        data = read_bounded(path, 32)
        if len(data) != 32:
            raise PrivacyError("relay.key is damaged; pair the relay again in an empty folder")
        return Ed25519PrivateKey.from_private_bytes(data)

    def pairing(self) -> RelayPairing | None:
        """The pairing, if there is one."""
        data = self._read("pairing.json")
        if not isinstance(data, dict):
            return None
        return RelayPairing(data, str(data.get("secret_hash")))

    def save_pairing(self, pairing: RelayPairing) -> None:
        """Store the pairing durably."""
        write_atomic(self._folder / "pairing.json", json.dumps(pairing.to_json()).encode())

    def roster(self) -> frozenset[bytes]:
        """The enrolled homes' keys as last heard."""
        data = self._read("roster.json")
        return read_roster(json.dumps(data).encode()) if data is not None else frozenset()

    def save_roster(self, payload: bytes) -> None:
        """Store a ROSTER payload, so that homes can connect while the platform is down."""
        write_atomic(self._folder / "roster.json", payload)

    def parameters(self) -> bytes | None:
        """The PARAMETERS payload as last heard."""
        path = self._folder / "parameters.json"
        return read_bounded(path, _LIMIT) if path.exists() else None

    def save_parameters(self, payload: bytes) -> None:
        """Store a PARAMETERS payload."""
        write_atomic(self._folder / "parameters.json", payload)

    def spool(self, limit: int) -> Spool:
        """The unsent batches, at most ``limit`` bytes of them."""
        return Spool(self._folder / "spool", limit)

    def _read(self, name: str) -> object:
        path = self._folder / name
        if not path.exists():
            return None
        try:
            return json.loads(read_bounded(path, _LIMIT))
        except ValueError:
            raise PrivacyError(f"{name} is damaged; pair the relay again") from None


def read_roster(payload: bytes) -> frozenset[bytes]:
    """Read a ROSTER payload: a JSON list of base64 Ed25519 keys.

    Raises:
        PrivacyError: malformed.
    """
    try:
        keys = frozenset(base64.b64decode(str(text), validate=True) for text in json.loads(payload))
    except (ValueError, TypeError):
        raise PrivacyError("the roster is malformed") from None
    if any(len(key) != 32 for key in keys):
        raise PrivacyError("the roster is malformed")
    return keys


class Spool:
    """Batches between the homes' receipts and the gateway's, one file each, in order."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = private_folder(folder)
        self._limit = limit
        self._sizes: dict[int, int] = {}
        for path in sorted(self._folder.glob("*.batch")):
            self._sizes[int(path.stem)] = path.stat().st_size
        self._last = max(self._sizes, default=0)
        self.bytes = sum(self._sizes.values())

    def __len__(self) -> int:
        return len(self._sizes)

    def add(self, cells: list[bytes]) -> int | None:
        """Write a batch durably; its number, or None if the spool is full."""
        self._last = max(self._last + 1, time.time_ns())
        data = pack_batch(self._last, cells)
        if self.bytes + len(data) > self._limit:
            return None
        write_atomic(self._path(self._last), data)
        self._sizes[self._last] = len(data)
        self.bytes += len(data)
        return self._last

    def after(self, number: int) -> int | None:
        """The first waiting batch with a higher number."""
        return next((waiting for waiting in self._sizes if waiting > number), None)

    def read(self, number: int) -> bytes:
        """A BATCH payload."""
        return self._path(number).read_bytes()

    def done(self, number: int) -> None:
        """The gateway has it: delete it."""
        size = self._sizes.pop(number, None)
        if size is not None:
            self.bytes -= size
            self._path(number).unlink(missing_ok=True)
            sync_folder(self._folder)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:020d}.batch"
