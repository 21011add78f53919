"""What the gateway tells every home of a community: the same bytes to all of them."""

from __future__ import annotations

import base64
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from privacy.cell_keys import CellKeys
from privacy.errors import PrivacyError
from privacy.handshake import HandshakeError, key_hash
from privacy.tokens.ring import KeyRing
from privacy.transparency.proof import Proof
from privacy.zones import K, Partition

SLOT_BOUNDS = (0.05, 60.0)
"""Shortest and longest slot a home accepts, seconds."""


class Parameters:
    """Gateway key, zone table, slot in seconds, number of homes, token and cell keys, log, proof.

    ``tokens`` is None where the community issues no tokens, ``log_key`` (Ed25519, 32 bytes) where
    it keeps no log and so tells no bulletins, ``proof`` where nothing is witnessed; then there are
    no ``cells`` either, for nobody vouches for them.
    """

    __slots__ = (
        *("cells", "gateway_key", "log_key", "proof"),
        *("roster_size", "slot_s", "tokens", "zones"),
    )

    def __init__(
        self,
        gateway_key: bytes,
        zones: Partition,
        slot_s: float,
        roster_size: int,
        tokens: KeyRing | None = None,
        *,
        log_key: bytes | None = None,
        proof: Proof | None = None,
        cells: CellKeys | None = None,
    ) -> None:
        self.gateway_key = gateway_key
        self.zones = zones
        self.slot_s = slot_s
        self.roster_size = roster_size
        self.tokens = tokens
        self.log_key = log_key
        self.proof = proof
        self.cells = cells or CellKeys()

    def to_bytes(self) -> bytes:
        """Canonical JSON: equal parameters are equal bytes."""
        data: dict[str, object] = {
            "gateway_key": base64.b64encode(self.gateway_key).decode(),
            "zone_table": self.zones.to_json(),
            "slot_s": self.slot_s,
            "roster_size": self.roster_size,
        }
        if self.tokens is not None:
            data["token_keys"] = self.tokens.to_json()
        if self.log_key is not None:
            data["log_key"] = base64.b64encode(self.log_key).decode()
        if self.cells.keys:
            data["cell_keys"] = self.cells.to_json()
        if self.proof is not None:
            data["proof"] = self.proof.to_json()
        return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def read(cls, data: bytes, gateway_hash: bytes, floor: int = K) -> Parameters:
        """Read and check.

        Args:
            data: a PARAMETERS payload.
            gateway_hash: the hash pinned at pairing.
            floor: fewest homes in a zone that the reader accepts.

        Raises:
            HandshakeError: another gateway key, a zone below the floor, or malformed.
        """
        try:
            fields = json.loads(data)
            key = base64.b64decode(str(fields["gateway_key"]), validate=True)
            slot_s = float(fields["slot_s"])
            roster_size = int(fields["roster_size"])
            zones = Partition.from_json(fields["zone_table"], floor)
            told = fields.get("token_keys")
            tokens = None if told is None else KeyRing.from_json(told)
            log_key = _optional_key(fields.get("log_key"))
            cells = CellKeys.from_json(fields.get("cell_keys", []))
            shown = fields.get("proof")
            proof = None if shown is None else Proof.from_json(shown)
        except PrivacyError as error:
            raise HandshakeError(f"the parameters are refused: {error}") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise HandshakeError("the parameters are malformed") from None
        if key_hash(key) != gateway_hash:
            raise HandshakeError("the gateway key is not the one on the printed code")
        if not SLOT_BOUNDS[0] <= slot_s <= SLOT_BOUNDS[1] or not 0 <= roster_size <= 100_000:
            raise HandshakeError("slot length or roster size is out of bounds")
        told_to_all = key, zones, slot_s, roster_size, tokens
        return cls(*told_to_all, log_key=log_key, proof=proof, cells=cells)


def _optional_key(data: object) -> bytes | None:
    if data is None:
        return None
    key = base64.b64decode(str(data), validate=True)
    Ed25519PublicKey.from_public_bytes(key)  # a ValueError where it is none
    return key
