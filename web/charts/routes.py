"""An entity's past: a page for a day, week or month, and the same as a file."""

from __future__ import annotations

import time
from pathlib import Path

from aiohttp import web

from hub.history.spans import SPANS
from hub.http.routes import Routes
from web.charts.chart import chart_of
from web.charts.files import file_of
from web.charts.windows import Window, window_of
from web.house import HOUSEHOLD, House

TEMPLATES = Path(__file__).parent / "templates"


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


NAMES = {"day": _("Day"), "week": _("Week"), "month": _("Month")}


def chart_routes(house: House) -> Routes:
    """Return the routes of an entity's past."""
    routes = Routes()

    @routes.get("/devices/{id}/history", allow=HOUSEHOLD)
    async def history(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        view = house.view(request.match_info["id"], words)
        window = _window(request)
        chart = await chart_of(house, view, window, words)
        return house.design.render(
            request,
            "history.html",
            view=view,
            chart=chart,
            spans=[(span, words(NAMES[span])) for span in SPANS],
            window=window,
            named=window.label(words.lang),
            today=Window("day", None, time.time()).day,
        )

    @routes.get("/devices/{id}/history.csv", allow=HOUSEHOLD)
    async def download(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        view = house.view(request.match_info["id"], words)
        window = _window(request)
        name = f"{view.entity_id}-{window.kind}-{window.day}.csv"
        return web.Response(
            body=await file_of(house, view, window, words),
            content_type="text/csv",
            charset="utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    return routes


def _window(request: web.Request) -> Window:
    return window_of(request.query.get("span", ""), request.query.get("date", ""), time.time())
