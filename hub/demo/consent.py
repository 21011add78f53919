"""What the demo's home may tell: read from its own ledger, so that no step promises more."""

from __future__ import annotations

import logging
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from privacy.errors import PrivacyError

if TYPE_CHECKING:
    from privacy.consent import Ledger
    from privacy.outbox import Outbox

FLAT = "flat"
ZONE = "zone"
NOBODY = "nobody"
UNCHOSEN = "unchosen"
UNPAIRED = "unpaired"
BROKEN = "broken"
SPENT = "spent"
_LOG = logging.getLogger(__name__)


class Consents:
    """What an alarm of each class would tell the duty desk if nobody answered.

    Args:
        home: the home's data folder; it may not be set up yet.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._open: tuple[Ledger, Outbox] | None = None
        self._lock = threading.Lock()
        self._told: dict[str, str] = {}

    def told(self, klass: str) -> str:
        """``zone``, or the reason for which nothing goes; ``klass`` as the ledger has it.

        ``flat``: a call for help names it, so the resident chose. ``nobody``: so the resident
        chose. ``unchosen``: not yet. ``unpaired``: there is nobody to tell. ``broken``: a ledger
        that doesn't hold is a no to everything. ``spent``: no one-time token is there for it.
        """
        return self._told.get(klass, UNPAIRED)

    def look(self) -> bool:
        """Read it anew; whether it differs from before. Waits for the disk."""
        with self._lock:
            before = self._told
            try:
                self._told = self._read()
            except (PrivacyError, sqlite3.Error, OSError) as error:
                _LOG.warning("the home's choices could not be read, trying again: %s", error)
            return self._told != before

    def close(self) -> None:
        """Close the files."""
        with self._lock:
            if self._open is not None:
                for one in self._open:
                    one.close()
            self._open = None

    def _read(self) -> dict[str, str]:
        from privacy.consent import CLASSES, SOS_FLAT, TELL_ZONE

        opened = self._opened()
        if opened is None:
            return {}
        ledger, outbox = opened
        if outbox.get("pairing") is None:
            return dict.fromkeys(CLASSES, UNPAIRED)
        found = {}
        for klass in CLASSES:
            consent = ledger.state(TELL_ZONE, klass)
            if consent is None or consent.lapsed:
                found[klass] = UNCHOSEN
            else:
                found[klass] = ZONE if consent.given else NOBODY
        if outbox.purse.spent():
            found = {klass: SPENT if why == ZONE else why for klass, why in found.items()}
        found |= {klass: FLAT for klass in CLASSES if ledger.allows(SOS_FLAT, klass)}
        return dict.fromkeys(CLASSES, BROKEN) if ledger.problem else found

    def _opened(self) -> tuple[Ledger, Outbox] | None:
        """Ledger and outbox; None before the home made them, which is not for us to do."""
        if self._open is None:
            from hub.home.sharing import open_ledger
            from privacy.outbox import Outbox
            from privacy.vault import MachineKey

            path, keys = self._home / "egress.db", self._home / "keys"
            if not (path.exists() and (keys / MachineKey.FILE).exists()):
                return None
            machine = MachineKey.load_or_create(keys)
            self._open = (open_ledger(path, machine), Outbox(path, machine))
        return self._open
