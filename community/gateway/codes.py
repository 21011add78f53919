"""Printed pairing codes of homes and of the relay, drawn for paper."""

from __future__ import annotations

from typing import NamedTuple

from sqlmodel import Session

from community.core import audit, roster, settings, witnesses
from privacy.pairing import HOME, RELAY, PairingCode


class Sheet(NamedTuple):
    """One printed code: for which flat ("" for the relay), its text and its QR text."""

    place: str
    text: str
    qr_text: str


class NoAddress(ValueError):
    """The portal's own address, which codes carry, isn't set."""


def home_codes(
    session: Session, flat_ids: list[int], gateway_public: bytes, *, at: float, by: str
) -> list[Sheet]:
    """Make a one-time code for each flat; the earlier unused code of a flat ends.

    Where the log's witnesses are named, whoever pairs by it pins them.

    Raises:
        NoAddress: The portal's address isn't set.
    """
    address = portal_address(session)
    names, trust = roster.flat_names(session, flat_ids), witnesses.trust(session)
    sheets = []
    for flat_id in flat_ids:
        if flat_id not in names:
            continue
        code = PairingCode.new(address, gateway_public, HOME, trust)
        hashed = bytes.fromhex(code.secret_hash)
        roster.keep_code(session, roster.HOME, flat_id, hashed, at=at, by=by)
        audit.write(session, at=at, actor=by, act="home code", target=names[flat_id])
        sheets.append(Sheet(names[flat_id], code.text, code.qr_text))
    return sheets


def relay_code(session: Session, gateway_public: bytes, *, at: float, by: str) -> Sheet:
    """Make the relay's one-time code; an earlier unused one ends.

    Raises:
        NoAddress: The portal's address isn't set.
    """
    code = PairingCode.new(portal_address(session), gateway_public, RELAY)
    hashed = bytes.fromhex(code.secret_hash)
    roster.keep_code(session, roster.RELAY, None, hashed, at=at, by=by)
    audit.write(session, at=at, actor=by, act="relay code")
    return Sheet("", code.text, code.qr_text)


def portal_address(session: Session) -> str:
    """Return the portal's address as homes and the relay reach it.

    Raises:
        NoAddress: It isn't set yet.
    """
    address = settings.read(session)[settings.PUBLIC_ADDRESS]
    if not address:
        raise NoAddress("the portal's address is not set: start the community app once")
    return address


def qr_svg(text: str) -> str:
    """Return a QR code as an inline SVG picture, dark on white whatever the theme."""
    import segno

    drawn: str = segno.make(text, error="m", micro=False).svg_inline(
        scale=4, border=4, dark="#1d2126", light="#ffffff", svgclass="qr", omitsize=True
    )
    return drawn
