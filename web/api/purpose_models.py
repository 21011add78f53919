"""What programs send and get about purposes and their notices; see `web.api.models`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from web.api.models import Time


class NoticeText(TypedDict):
    """A notice in one language; what a first version didn't say is empty."""

    title: str
    to: str
    told: str
    why: str
    there: str
    here: str
    refusing: str


class Notice(TypedDict):
    """One version of a notice; never edited."""

    version: int
    widens: Annotated[bool, "tells more than the one before: earlier yeses have ended"]
    data: list[str]
    zh_CN: NoticeText
    en: NoticeText


class Yes(TypedDict):
    """A yes in force, or one that has ended because the notice was widened."""

    hazard_class: str
    since: Time
    notice: int
    ended: bool


class Purpose(TypedDict):
    """One purpose that can leave the home."""

    purpose: str
    door: Annotated[str, "events, acts or grants"]
    recipient: Annotated[str, "duty_desk, property or contact"]
    needs_consent: Annotated[bool, "false: pairing is the consent"]
    notices: list[Notice]
    yeses: list[Yes]


class PurposeList(TypedDict):
    """Everything that the hub itself tells others."""

    purposes: list[Purpose]


class Checked(TypedDict):
    """A ledger that was read again and checked."""

    at: Time
    lines: int
    problem: Annotated[str | None, "null: every line holds"]


class Code(TypedDict):
    """A code of the ledger that somebody kept."""

    code: str


class Place(TypedDict):
    """Where a kept code stands; nothing up to there was changed."""

    line: int


class Stopped(TypedDict):
    """What was withdrawn."""

    withdrawn: Annotated[int, "how many yeses there were"]
