"""The pages of purposes and of their notices: what may leave, to whom, why, for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.http.problems import Problem
from hub.http.routes import Routes
from privacy.purposes import TEXTS
from web.house import HOUSEHOLD, House
from web.sharing.words import DATA, ROWS

if TYPE_CHECKING:
    from hub.home.views import PurposeView
    from privacy.purposes import Notice, Purpose

LANGUAGES = (("zh_CN", "zh-CN", "中文"), ("en", "en", "English"))


class Noticed:
    """One version of a notice, ready to be shown; `rows` by language are (name, text) pairs."""

    __slots__ = ("notice", "purpose", "version")

    def __init__(self, purpose: Purpose, notice: Notice) -> None:
        self.purpose = purpose.name
        self.version = notice.version
        self.notice = notice

    def title(self, lang: str) -> str:
        """What it is about."""
        return self.notice.texts[lang]["title"]

    def rows(self, lang: str) -> list[tuple[str, str]]:
        """(msgid of the name, text), without what that version didn't say."""
        texts = self.notice.texts[lang]
        return [(ROWS[name], texts[name]) for name in TEXTS if name in ROWS and texts[name]]


def noticed(purpose: Purpose) -> Noticed:
    """Return the newest version of a purpose's notice."""
    return Noticed(purpose, purpose.notice)


def notice_routes(house: House) -> Routes:
    """Return the routes of the pages."""
    routes = Routes()

    @routes.get("/purposes", allow=HOUSEHOLD)
    async def purposes(request: web.Request) -> web.Response:
        runtime = house.runtime
        names = {account.id: account.name for account in await runtime.accounts.all()}
        seen = [_Row(one) for one in runtime.consents.all()]
        return house.design.render(
            request,
            "purposes.html",
            purposes=seen,
            data=DATA,
            pairing=runtime.pairing(),
            who=lambda actor: names.get(actor, actor),
            contacts={one.id: one.name for one in runtime.contacts.all()},
            ledger_problem=runtime.consents.problem,
        )

    @routes.get("/protection", allow=HOUSEHOLD)
    async def protection(request: web.Request) -> web.Response:
        pairing = house.runtime.pairing()
        return house.design.render(request, "protection.html", pairing=pairing)

    @routes.get("/notices/{purpose}/{version}", allow=HOUSEHOLD)
    async def notice(request: web.Request) -> web.Response:
        purpose = house.runtime.consents.table.get(request.match_info["purpose"])
        number = request.match_info["version"]
        found = purpose and number.isascii() and number.isdigit() and len(number) < 6
        shown = purpose.version(int(number)) if purpose and found else None
        if purpose is None or shown is None:
            raise Problem(404, "not_found")
        return house.design.render(request, "notice.html", **_both(house, purpose, shown))

    return routes


class _Row:
    """A purpose as the page shows it."""

    __slots__ = ("name", "noticed", "purpose", "yeses")

    def __init__(self, view: PurposeView) -> None:
        self.purpose = view.purpose
        self.name = view.purpose.name
        self.noticed = noticed(view.purpose)
        self.yeses = view.yeses


def _both(house: House, purpose: Purpose, notice: Notice) -> dict[str, Any]:
    """A notice in both languages, each with the names of its rows in its own."""
    shown = Noticed(purpose, notice)
    texts = []
    for lang, tag, name in LANGUAGES:
        words = house.design.language(lang)
        rows = [(words(title), text) for title, text in shown.rows(lang)]
        texts.append((tag, name, shown.title(lang), rows))
    return {"noticed": shown, "texts": texts, "newest": purpose.notice.version}
