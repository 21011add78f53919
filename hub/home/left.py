"""What left the home, as its residents read it: every message in words, beside its bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hub.home.views import SentView
from hub.safety.advice import TITLES
from privacy.act_link import SOS
from privacy.grants import STOPPED, UNREACHED


def _(message: str) -> str:
    """Mark a message for extraction; pages translate it."""
    return message


UNSENT = "unsent"
"""State of a message that was written down, and then did not leave."""

_STATUS_WORDS = {
    "raised": _("raised"),
    "updated": _("still going on"),
    "cleared": _("all clear"),
    "cancelled": _("cancelled"),
}
_CLASS_WORDS = {
    "gas": _("gas"),
    "smoke": _("smoke"),
    "carbon_monoxide": _("carbon monoxide"),
    "flood": _("water leak"),
    "sos": _("call for help"),
}
_ACT_WORDS = {
    "pairing": _("pairing with the community"),
    "sos": _("your flat calls for help"),
    "tokens": _("one-time tokens were fetched, so that events need no name"),
}
_TOLD_WORDS = {
    "raised": _("raised"),
    "over": _("over"),
    "cancelled": _("false alarm"),
    "test": _("test"),
}
_ASKED = {"asked": _("asked whether it was seen")}
_DUTY_DESK = _("duty desk")


def event_view(line: dict[str, Any]) -> SentView | None:
    """One message; its two safety copies say nothing new and are left out."""
    if line["kind"] != "cell" or line["copy"] != 1:
        return None
    body = line["body"]
    fields = [
        (_("What"), _CLASS_WORDS.get(body["class"], str(body["class"]))),
        (_("Status"), _STATUS_WORDS.get(body["status"], str(body["status"]))),
        (_("Zone"), " · ".join(line["zone_names"].values())),
        (_("Level"), str(body["severity"])),
        (_("Message of this event"), str(body["seq"] + 1)),
        (_("Slot"), str(body["slot"])),
    ]
    if line["late"]:
        fields.append((_("Sent late"), _("yes; a late message can point to your home")))
    return SentView(
        at=line["at"],
        door="events",
        recipient=_DUTY_DESK,
        state=_state(line),
        fields=fields,
        raw=line["plaintext"],
    )


def _state(line: dict[str, Any]) -> str:
    """How far a message is known to have come."""
    if line["accepted_at"]:
        return "accepted"
    return "received" if line["receipt_at"] else "sent"


def act_view(line: dict[str, Any]) -> SentView:
    """One act of a resident."""
    fields = [(_("What"), _ACT_WORDS.get(line["purpose"], line["purpose"]))]
    if line["purpose"] == SOS:
        status = json.loads(line["data"])["status"]
        fields.append((_("Status"), (_STATUS_WORDS | _ASKED).get(status, status)))
    return SentView(
        at=line["at"],
        door="acts",
        recipient=line["recipient"],
        state="sent",
        fields=fields,
        raw=line["data"],
    )


def grant_views(lines: Sequence[dict[str, Any]]) -> list[SentView]:
    """Messages to contacts; of tries that didn't leave only the last, where others followed."""
    found: list[SentView] = []
    tried: set[tuple[str, bytes]] = set()
    for line in reversed(lines):
        view = _grant_view(line)
        same = (line["recipient"], view.raw)
        if view.state != UNSENT or same not in tried:
            found.append(view)
        tried.add(same)
    return found


def _grant_view(line: dict[str, Any]) -> SentView:
    """One message; its address is named without what may be secret in it."""
    said = json.loads(line["data"].partition(b"\r\n\r\n")[2])
    outcome = line["outcome"]
    if outcome in (UNREACHED, STOPPED):
        state = UNSENT
    else:
        state = "taken" if outcome and outcome[0] == "2" else "sent"
    fields = [
        (_("What"), TITLES.get(said["hazard"], "")),
        (_("Status"), _TOLD_WORDS.get(said["status"], said["status"])),
        (_("Title"), said["title"]),
        (_("Message"), said["message"]),
    ]
    return SentView(
        at=line["at"],
        door="grants",
        recipient=line["recipient"].partition(" ")[0],
        state=state,
        fields=[(name, value) for name, value in fields if value],
        raw=line["data"],
    )
