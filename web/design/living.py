"""The living page `/design`: every part with its states, in both languages, on both faces."""

from __future__ import annotations

import math
import time

import orjson
from aiohttp import web

from hub.http.routes import ANYONE, Routes
from web.design.answers import done, refused
from web.design.formats import CHINA, clock
from web.design.page import Design

BLOCKS = (
    {"x": 60, "y": 70, "w": 220, "h": 110, "key": "", "number": 1},
    {"x": 60, "y": 250, "w": 220, "h": 110, "key": "", "number": 2},
    {"x": 380, "y": 70, "w": 220, "h": 110, "key": "1", "number": 3},
    {"x": 380, "y": 250, "w": 220, "h": 110, "key": "3", "number": 4},
)


def design_routes(design: Design) -> Routes:
    """Return the routes of the living page of one face."""
    routes = Routes()

    @routes.get("/design", allow=ANYONE)
    async def living_page(request: web.Request) -> web.Response:
        words = design.language(request["lang"])
        now = time.time()
        return design.render(
            request,
            "design.html",
            now=now,
            chart=_wave(int(now), request["lang"]),
            wave=[24.0 + math.sin(i / 3) for i in range(40)],
            blocks=[
                {**b, "text": words("Building %(number)s", number=b["number"])} for b in BLOCKS
            ],
            qr=qr_svg("https://example.invalid/", words("Example")),
        )

    @routes.post("/design/try", allow=ANYONE)
    async def try_form(request: web.Request) -> web.Response:
        words = design.language(request["lang"])
        given = (await request.post()).get("number", "")
        if not (isinstance(given, str) and given.isdecimal()):
            text = words("Write a whole number, for example 12.")
            return refused(request, words("Please look at the marked field."), {"number": text})
        return done(request, words("Saved: %(number)s", number=given), "/design")

    return routes


def qr_svg(text: str, title: str) -> object:
    """Return a QR code (ISO/IEC 18004, error correction M) as safe mark-up for `qr_card`.

    Args:
        text: What the code says.
        title: What a screen reader hears instead.
    """
    import io

    import segno
    from markupsafe import Markup, escape

    out = io.BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4, nl=False)
    drawn = out.getvalue().decode()
    head, rest = drawn.split(">", 1)
    label = f' role="img" aria-label="{escape(title)}">'
    # The mark-up is segno's own: paths and numbers; the title is escaped above.
    return Markup(head + label + rest)  # noqa: S704 - its parts are escaped above


def _wave(now: int, lang: str) -> str:
    """A day of temperatures as `charts.js` takes it."""
    edges = [now - 24 * 3600 + step for step in range(0, 24 * 3600 + 1, 600)]
    means = [round(23 + 2 * math.sin(at / 9000), 2) for at in edges[1:]]
    data = {
        "form": "figures",
        "start": edges[0],
        "end": now,
        "from": edges,
        "t": [at + 300 for at in edges[:-1]],
        "least": [one - 0.4 for one in means],
        "mean": means,
        "most": [one + 0.3 for one in means],
        "ticks": [[at, clock(at)] for at in edges if at % 10800 < 600],
        "lang": "zh-CN" if lang == "zh_CN" else "en-GB",
        "zone": CHINA.tzname(None),
        "unit": "°C",
    }
    return orjson.dumps(data).decode()
