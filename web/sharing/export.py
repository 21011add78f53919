"""A copy to keep: purposes, the whole ledger and what left, to read and for programs.

One file, a zip of two: `linli.json`, whose format docs/api.md describes, and the same as a page
that every browser opens.
"""

from __future__ import annotations

import base64
import json
import time
from io import BytesIO
from typing import TYPE_CHECKING, Any

from web.sharing.words import DOORS, LINE_STATES, ROWS, SENT_STATES

if TYPE_CHECKING:
    from collections.abc import Callable

    from privacy.purposes import Purpose
    from web.design import Design
    from web.design.page import Words
    from web.facade import HomeRuntime
    from web.views import SentView

FORMAT = "linli-sharing/1"


async def gathered(runtime: HomeRuntime, words: Words) -> dict[str, Any]:
    """Return everything as plain data.

    Args:
        runtime: the running, unlocked home.
        words: for the names of a message's fields; what left stands there as it left.
    """
    literal = json.loads(await runtime.consents.literal())
    return {
        "format": FORMAT,
        "made_at": round(time.time(), 3),
        "people": {one.id: one.name for one in await runtime.accounts.all()},
        "contacts": {one.id: one.name for one in runtime.contacts.all()},
        "purposes": [purpose_of(one) for one in runtime.consents.table.all()],
        "ledger": {**literal, "problem": runtime.consents.problem},
        "sent": [message_of(one, words) for one in runtime.sent()],
    }


def message_of(sent: SentView, say: Callable[[str], str]) -> dict[str, Any]:
    """Return a message that left as plain data, the names of its fields in ``say``'s language."""
    return {
        "at": sent.at,
        "door": sent.door,
        "recipient": say(sent.recipient),
        "state": sent.state,
        "fields": [
            {"name": say(name), "value": say(value) if value else ""} for name, value in sent.fields
        ],
        "raw": base64.b64encode(sent.raw).decode(),
    }


def purpose_of(purpose: Purpose) -> dict[str, Any]:
    """Return a purpose with every version of its notice as plain data."""
    return {
        "purpose": purpose.name,
        "door": purpose.door,
        "recipient": purpose.recipient,
        "needs_consent": purpose.ledger,
        "notices": [
            {
                "version": one.version,
                "widens": one.widens,
                "data": list(one.data),
                "zh_CN": one.texts["zh_CN"],
                "en": one.texts["en"],
            }
            for one in purpose.notices
        ],
    }


def archive_of(made: dict[str, Any], design: Design, lang: str) -> bytes:
    """Return the zip of what was gathered; takes long where much left, so off the event loop."""
    # Only whoever saves a copy needs it.
    from zipfile import ZIP_DEFLATED, ZipFile

    page = design.fragment(
        lang,
        "copy.html",
        made=made,
        rows=ROWS,
        doors=DOORS,
        sent_states=SENT_STATES,
        line_states=LINE_STATES,
    )
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        archive.writestr("linli.json", json.dumps(made, ensure_ascii=False, indent=1))
        archive.writestr("linli.html", page)
    return out.getvalue()
