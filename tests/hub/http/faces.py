"""A small face with every kind of route, served for tests, and browsers that visit it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientTimeout, CookieJar, web
from yarl import URL

from hub.accounts.accounts import Accounts
from hub.accounts.model import HOME_ROLES, SCREENS, csrf_of
from hub.core.settings import Listen
from hub.http.gate import GATE, current, see_other
from hub.http.health import Health
from hub.http.live import Live, LiveContext
from hub.http.problems import Problem, json_response
from hub.http.routes import ANYONE, SIGNED_IN, Routes
from hub.http.server import Server, create_app, serve
from tests.hub.accounts.stores import open_table

PASSWORD = "correct horse"


def render(request: web.Request, template: str, /, **context: Any) -> web.Response:
    """Draw every template as its name and what it was given."""
    if context.get("title") == "I'm a Teapot":
        raise KeyError("a broken template")
    session = request["session"]
    csrf = session.csrf if session else ""
    shown = f"{template} lang={request['lang']} theme={request['theme']} {context!r} csrf={csrf}"
    return web.Response(text=shown)


def broken_routes() -> Routes:
    routes = Routes()

    @routes.get("/broken", allow=ANYONE)
    async def broken(request: web.Request) -> web.Response:
        raise RuntimeError("SECRET detail")

    return routes


def face_routes() -> Routes:
    routes = Routes()

    @routes.get("/", allow=SIGNED_IN)
    async def home(request: web.Request) -> web.Response:
        return web.Response(text=f"welcome {current(request).name}")

    @routes.get("/owners", allow=frozenset({"owner"}))
    async def owners(request: web.Request) -> web.Response:
        return web.Response(text="owners")

    @routes.post("/change", allow=frozenset({"owner", "resident"}))
    async def change(request: web.Request) -> web.Response:
        return see_other("/")

    @routes.post("/upload", allow=SIGNED_IN, limit=200_000)
    async def upload(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    @routes.get("/teapot", allow=ANYONE)
    async def teapot(request: web.Request) -> web.Response:
        raise Problem(418, "teapot")

    @routes.get("/moved", allow=ANYONE)
    async def moved(request: web.Request) -> web.Response:
        raise web.HTTPSeeOther("/owners")

    @routes.get("/api/v1/thing", allow=SIGNED_IN)
    async def thing(request: web.Request) -> web.Response:
        return json_response({"thing": 1})

    @routes.post("/api/v1/thing", allow=frozenset({"owner"}))
    async def make_thing(request: web.Request) -> web.Response:
        return json_response({"size": len(await request.read())}, 201)

    return routes


class CountingLive(Live):
    """Live parts that show a number."""

    number = 0


def face_live(beat_s: float = 0.05) -> CountingLive:
    live = CountingLive(beat_s=beat_s)

    async def number(context: LiveContext) -> str:
        return f"{live.number} {context.role} {context.lang} <i>{context.csrf}</i>"

    async def one(context: LiveContext) -> str:
        return f"{context.arg}={live.number}"

    async def failing(context: LiveContext) -> str:
        raise RuntimeError("no picture")

    live.part("number", number, ["numbers"], SIGNED_IN)
    live.part("one", one, ["one:{arg}"], frozenset({"owner"}))
    live.part("open", one, ["numbers"], ANYONE)
    live.part("row", one, ["one:{arg}"], frozenset({"owner"}), rests=True)
    live.part("failing", failing, ["numbers"], SIGNED_IN)
    return live


class Face:
    """A served app with its accounts, and a browser for each visitor."""

    def __init__(self, app: web.Application, server: Server, accounts: Accounts) -> None:
        self.app = app
        self.server = server
        self.accounts = accounts
        self.live: CountingLive
        self.health: Health
        self.ids: dict[str, str] = {}
        self._browsers: list[Browser] = []

    async def browser(self, role: str | None = None) -> Browser:
        token = ""
        if role is not None:
            if role not in self.ids:
                password = None if role in SCREENS else PASSWORD
                self.ids[role] = (await self.accounts.create(f"Demo {role}", role, password)).id
            token = await self.accounts.open_session(self.ids[role])
        browser = Browser(self, token)
        self._browsers.append(browser)
        return browser

    async def close(self) -> None:
        for browser in self._browsers:
            await browser.http.close()
        await self.server.stop()


class Browser:
    """Sends what a browser would: cookies, Origin and the form's token."""

    def __init__(self, face: Face, token: str = "") -> None:
        self.face = face
        self.cookie = face.app[GATE].cookie
        self.address = face.server.address
        jar = CookieJar(unsafe=True)
        if token:
            jar.update_cookies({self.cookie: token}, URL(self.address))
        self.http = ClientSession(
            self.address, cookie_jar=jar, timeout=ClientTimeout(total=10), raise_for_status=False
        )

    @property
    def token(self) -> str:
        for cookie in self.http.cookie_jar:
            if cookie.key == self.cookie:
                return cookie.value
        return ""

    async def get(self, path: str, **more: Any) -> tuple[int, str, Any]:
        async with self.http.get(path, allow_redirects=False, **more) as answer:
            return answer.status, await answer.text(), answer.headers

    async def post(
        self, path: str, data: dict[str, str] | None = None, **more: Any
    ) -> tuple[int, str, Any]:
        headers = {"Origin": self.address, **more.pop("headers", {})}
        fields = dict(data or {})
        if self.token and "csrf" not in fields:
            fields["csrf"] = csrf_of(self.token)
        async with self.http.post(
            path, data=fields, headers=headers, allow_redirects=False, **more
        ) as answer:
            return answer.status, await answer.text(), answer.headers


@asynccontextmanager
async def face(folder: Path, name: str = "home", **more: Any) -> AsyncIterator[Face]:
    static = folder / "static"
    (static / "js").mkdir(parents=True, exist_ok=True)
    (static / "a.css").write_text("body{color:red}")
    (static / "js" / "b.js").write_text("export const b = 1;")
    (static / ".hidden.css").write_text("secret")
    (static / "notes.py").write_text("secret")
    store, table = open_table(folder / f"{name}.db")
    accounts = Accounts(table, HOME_ROLES)
    listen = more.pop("listen", Listen())
    tables = [face_routes(), *more.pop("routes", ())]
    if more.pop("broken", True):
        tables.append(broken_routes())
    live, health = face_live(), Health()
    app = create_app(
        name=name,
        accounts=accounts,
        listen=listen,
        pages=render,
        routes=tables,
        live=live,
        static={"design": static, "missing": folder / "nowhere"},
        health=health,
    )
    served = Face(app, await serve(app, listen), accounts)
    served.live, served.health = live, health
    try:
        yield served
    finally:
        await served.close()
        store.close()


def csrf_in(text: str) -> str:
    found = re.search(r"csrf=([0-9a-f]{64})", text)
    assert found
    return found[1]


async def until(holds: Callable[[], bool], within_s: float = 10.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - other tasks of this loop make it true
            await asyncio.sleep(0.01)
