"""The consent ledger: read, checked by one press, compared with a code somebody kept, saved."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.http.routes import Routes
from web.design import done, refused
from web.design.formats import moment
from web.facade import Refusal
from web.house import RESIDENTS, House, field
from web.sharing.export import archive_of, gathered
from web.sharing.words import LINE_STATES

if TYPE_CHECKING:
    from hub.http.live import LiveContext

MOST_SHOWN = 200


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


BROKEN = _("The chain of the ledger does not hold. Until it is mended nothing leaves your home.")


def ledger_routes(house: House) -> Routes:
    """Return the page's routes and register its live part."""
    routes = Routes()

    async def lines(context: LiveContext) -> str:
        seen = await _seen(house)
        return house.design.fragment(context.lang, "ledger_lines.html", csrf=context.csrf, **seen)

    house.live.part("ledger", lines, ("sharing",), RESIDENTS)

    @routes.get("/ledger", allow=RESIDENTS)
    async def show(request: web.Request) -> web.Response:
        return house.design.render(request, "ledger.html", code="", errors={}, **await _seen(house))

    @routes.post("/ledger/check", allow=RESIDENTS)
    async def check(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        checked = await house.runtime.consents.check()
        if checked.problem is not None:
            return refused(request, words(BROKEN))
        text = words.ngettext(
            "Checked just now: %(num)s line, unbroken.",
            "Checked just now: %(num)s lines, unbroken.",
            checked.lines,
        )
        return done(request, text % {"num": checked.lines})

    @routes.post("/ledger/compare", allow=RESIDENTS)
    async def compare(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        code = (await field(request, "code", 256)).strip()
        try:
            place = await house.runtime.consents.find(code)
        except Refusal as refusal:
            errors = {"code": refusal.say(words)}
            seen = {"code": code, "errors": errors, **await _seen(house)}
            page = house.design.render(request, "ledger.html", **seen)
            return refused(request, refusal.say(words), errors, page)
        text = words(
            "Your code is line %(place)s of this ledger. Nothing up to there was changed.",
            place=place,
        )
        return done(request, text)

    @routes.get("/ledger/copy.zip", allow=RESIDENTS)
    async def copy(request: web.Request) -> web.Response:
        made = await gathered(house.runtime, house.design.language(request["lang"]))
        body = await asyncio.to_thread(archive_of, made, house.design, request["lang"])
        at = moment(time.time())
        name = f"linli-{at:%Y-%m-%d}.zip"
        return web.Response(
            body=body,
            content_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    return routes


async def _seen(house: House) -> dict[str, Any]:
    runtime = house.runtime
    names = {account.id: account.name for account in await runtime.accounts.all()}
    lines = runtime.ledger()
    table = runtime.consents.table
    return {
        "lines": lines[:MOST_SHOWN],
        "count": len(lines),
        "ledger_problem": runtime.consents.problem,
        "head": runtime.consents.head_code,
        "who": lambda actor: names.get(actor, actor),
        "contacts": {one.id: one.name for one in runtime.contacts.all()},
        "titles": {one.name: one.notice.texts for one in table.all()},
        "line_states": LINE_STATES,
    }
