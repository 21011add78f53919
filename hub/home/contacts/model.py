"""A contact, and what a resident writes to make or change one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.accounts.model import AccountProblem, tidy_name
from hub.core.language import LANGUAGES
from hub.home.refusal import Refusal, refusal_of
from privacy.consent import CONTACT_CLASSES
from privacy.errors import PrivacyError
from privacy.grants import Grant

MOST = 8
DELAYS_S = (0, 60, 180, 600)
"""How long an alarm may be unseen at home before a contact is told."""
MAX_CERTIFICATE = 16 * 1024


def _(message: str) -> str:
    """Mark a message for extraction; pages translate it."""
    return message


class Contact:
    """Who is told.

    Attributes:
        id: 32 hex characters; the scope of the ledger's lines.
        name: what the household calls them; "" while it is locked.
        grant: how they are reached.
        hazards: what they are told of, names of `privacy.consent.CONTACT_CLASSES`.
        after_s: one of `DELAYS_S`; a call for help doesn't wait for it.
        lang: language of the messages, one of `hub.core.language.LANGUAGES`.
        label: what the messages call this home.
        since: when they were added; what began before that they aren't told.
        by: who added them, an account's id; "" for those added before that was kept.
        granted: what the ledger holds a yes for, as it was last read.
    """

    __slots__ = (
        *("after_s", "by", "grant", "granted", "hazards", "id"),
        *("label", "lang", "name", "since"),
    )

    def __init__(
        self,
        grant: Grant,
        *,
        name: str,
        hazards: Sequence[str],
        after_s: int,
        lang: str,
        label: str,
        since: float,
        by: str = "",
    ) -> None:
        self.by = by
        self.id = grant.id
        self.grant = grant
        self.name = name
        self.hazards = tuple(hazards)
        self.after_s = after_s
        self.lang = lang
        self.label = label
        self.since = since
        self.granted: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Any]:
        """What is needed to tell them, as stored under the machine key: all but the name."""
        return {
            "address": self.grant.url.text,
            "header": self.grant.header,
            "certificate": self.grant.certificate,
            "hazards": self.hazards,
            "after_s": self.after_s,
            "lang": self.lang,
            "label": self.label,
            "since": self.since,
            "by": self.by,
        }

    @classmethod
    def from_json(cls, contact_id: str, row: dict[str, Any]) -> Contact:
        """The contact that ``to_json`` wrote, without its name."""
        header = (str(row["header"][0]), str(row["header"][1])) if row["header"] else None
        return cls(
            Grant(contact_id, row["address"], header, row["certificate"]),
            name="",
            hazards=row["hazards"],
            after_s=row["after_s"],
            lang=row["lang"],
            label=row["label"],
            since=row["since"],
            by=str(row.get("by", "")),
        )


class Draft:
    """What a resident wrote; nothing of it is checked yet.

    Attributes:
        address: "" leaves a contact's address as it is.
        header: name of the secret header, "" for none.
        secret: its value; "" leaves it as it is, for the address that it was given for.
        certificate: PEM, "" for the system's authorities.
        warned: whether they said that they read what a message's moment can betray.
    """

    __slots__ = (
        *("address", "after_s", "certificate", "hazards", "header"),
        *("label", "lang", "name", "secret", "warned"),
    )

    def __init__(
        self,
        *,
        name: str,
        address: str,
        hazards: Sequence[str],
        after_s: int,
        lang: str,
        label: str,
        header: str = "",
        secret: str = "",
        certificate: str = "",
        warned: bool = False,
    ) -> None:
        self.name = name
        self.address = address
        self.hazards = hazards
        self.after_s = after_s
        self.lang = lang
        self.label = label
        self.header = header
        self.secret = secret
        self.certificate = certificate
        self.warned = warned

    def contact(self, contact_id: str, since: float, before: Contact | None) -> Contact:
        """Check it.

        Args:
            contact_id: of the contact.
            since: when it is added.
            before: the contact that it changes.

        Raises:
            Refusal: with the field that isn't right.
        """
        hazards = [one for one in CONTACT_CLASSES if one in self.hazards]
        if not hazards or len(hazards) != len(set(self.hazards)):
            raise Refusal(_("Choose what they are told of."), "hazards")
        if self.after_s not in DELAYS_S:
            raise Refusal(_("Choose when they are told."), "after_s")
        if self.lang not in LANGUAGES:
            raise Refusal(_("Choose a language."), "lang")
        if not self.warned:
            raise Refusal(_("Read this and tick it; without that nobody is told."), "warned")
        return Contact(
            self._grant(contact_id, before.grant if before else None),
            name=_tidy(self.name, "name"),
            hazards=hazards,
            after_s=self.after_s,
            lang=self.lang,
            label=_tidy(self.label, "label"),
            since=since,
        )

    def _grant(self, contact_id: str, before: Grant | None) -> Grant:
        address = self.address.strip() or (before.url.text if before else "")
        certificate = self.certificate.strip() or None
        if certificate and not _is_certificate(certificate):
            raise Refusal(_("This is no certificate. Paste its PEM text."), "certificate")
        name, secret = self.header.strip(), self.secret.strip()
        try:
            # The address first, so that its field is named where it is what isn't right.
            plain = Grant(contact_id, address, None, certificate)
        except PrivacyError as problem:
            raise refusal_of(problem, "address") from None
        if name and not secret and before and before.header and before.header[0] == name:
            if before.url.origin != plain.url.origin:
                raise Refusal(
                    _("Write the secret again: it was given for another address."), "secret"
                )
            secret = before.header[1]
        if secret and not name:
            raise Refusal(_("Write the header's name too."), "header")
        try:
            header = (name, secret) if name else None
            return Grant(contact_id, address, header, certificate)
        except PrivacyError as problem:
            field = "secret" if "value" in str(problem) else "header"
            raise refusal_of(problem, field) from None


def _tidy(text: str, field: str) -> str:
    try:
        return tidy_name(text)
    except AccountProblem as problem:
        raise refusal_of(problem, field) from None


def _is_certificate(text: str) -> bool:
    # Not needed before a resident pastes one.
    from cryptography.x509 import load_pem_x509_certificates

    if len(text) > MAX_CERTIFICATE:
        return False
    try:
        return bool(load_pem_x509_certificates(text.encode()))
    except ValueError:
        return False
