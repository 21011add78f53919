"""A home's place in its community, on the disk: enrolment key, pairing, portal, phase.

Sealed under the machine key, for the door works while the household is locked; the flat alone is
a letter that only the household reads (ADR 0012).
"""

from __future__ import annotations

import json
import os
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.cell_keys import CellKeys
from privacy.door_log import OpenLetter
from privacy.letterbox import Letterbox
from privacy.outbox import Outbox
from privacy.pairing import Pairing
from privacy.witnessed import Believer

_VOUCHED = "vouched"


class Membership:
    """Calls read or write the disk: make them in the thread that owns the outbox.

    Attributes:
        phase: of the home's sending moment, the part of a slot from 0 to 1.
        portal: the address for acts; "" for homes that paired before there were any.
        certificate: PEM to trust there instead of the system's authorities, or None.
    """

    __slots__ = ("_letterbox", "_outbox", "certificate", "phase", "portal")

    def __init__(self, outbox: Outbox, letterbox: Letterbox) -> None:
        self._outbox = outbox
        self._letterbox = letterbox
        self.phase = 0.0
        self.portal = ""
        self.certificate: str | None = None

    def enrolment_key(self) -> Ed25519PrivateKey:
        """The home's own key, made on first use."""
        seed = self._outbox.get("enrolment")
        if seed is None:
            seed = os.urandom(32)
            self._outbox.put("enrolment", seed)
        return Ed25519PrivateKey.from_private_bytes(seed)

    def store(self, pairing: Pairing, portal: str, certificate: str | None) -> None:
        """A new pairing: the machine's box gets the path without the flat, the household all."""
        self.portal, self.certificate = portal, certificate
        flat = json.dumps(pairing.flat).encode()
        self._outbox.put("flat", self._letterbox.post(flat, b"flat"))
        self.phase = int.from_bytes(os.urandom(4), "big") / 2**32
        self._put(pairing.to_json() | {"flat": list(pairing.flat[:-1])}, pairing)

    def keep(self, pairing: Pairing) -> None:
        """What changed of a pairing that was loaded."""
        self._put(pairing.to_json(), pairing)

    def load(self, floor: int) -> Pairing | None:
        """The stored pairing; None where there is none."""
        data = self._outbox.get("pairing")
        if data is None:
            return None
        stored = json.loads(data)
        self.phase = float(stored["phase"])
        self.portal = str(stored.get("portal") or "")
        self.certificate = stored.get("certificate")
        pairing = Pairing(stored["pairing"], bytes.fromhex(stored["gateway_hash"]), floor)
        pairing.cells = CellKeys.from_json(stored.get("cells", []))
        return pairing

    def believer(self, pairing: Pairing) -> Believer | None:
        """What checks the witnesses' word; None where none were pinned."""
        if pairing.trust is None:
            return None
        keep = partial(self._outbox.put, _VOUCHED)
        return Believer(pairing.trust, self._outbox.get(_VOUCHED), keep)

    def flat(self, open_letter: OpenLetter) -> tuple[str, ...] | None:
        """The full path; None when not paired. Raises VaultLocked."""
        letter = self._outbox.get("flat")
        return None if letter is None else tuple(json.loads(open_letter(letter, b"flat")))

    def _put(self, told: dict[str, object], pairing: Pairing) -> None:
        stored = {"pairing": told, "phase": self.phase, "gateway_hash": pairing.pinned.hex()}
        stored |= {"portal": self.portal, "certificate": self.certificate}
        stored["cells"] = pairing.cells.to_json()
        self._outbox.put("pairing", json.dumps(stored).encode())
