"""The demo's own page: open the faces, start a hazard, watch the devices, end it."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import Any

from aiohttp import web

from hub.accounts.accounts import Accounts
from hub.accounts.home_table import SCHEMA, HomeAccountsTable
from hub.accounts.model import HOME_ROLES
from hub.core.mqtt import MqttSettings, MqttUnavailable
from hub.core.sealed import OneKey
from hub.core.settings import LOOPBACK, Listen
from hub.core.store import Store, migrate
from hub.demo.consent import Consents
from hub.demo.plan import GUARD, MANAGER, OWNER, Plan
from hub.demo.programs import host_of, sign_in_link
from hub.demo.scenes import DEVICES, SCENES, Device, Stage
from hub.http.live import Live, LiveContext
from hub.http.problems import Problem
from hub.http.routes import ANYONE, Routes
from hub.http.server import Server, create_app, serve
from privacy.vault import MachineKey

HERE = Path(__file__).parent
LOOK_S = 1.0


def _(message: str) -> str:
    """Mark a message for extraction; the page translates it."""
    return message


class Face:
    """One face of the system: whose, which program serves it, what to call it."""

    __slots__ = ("account", "icon", "key", "open", "program", "short", "title")

    def __init__(
        self, key: str, program: str, account: str, *, icon: str, words: tuple[str, str, str]
    ) -> None:
        self.key = key
        self.program = program
        self.account = account
        self.icon = icon
        self.title, self.short, self.open = words


FACES = {
    face.key: face
    for face in (
        Face(
            "resident",
            "home",
            OWNER,
            icon="home",
            words=(_("The resident's home"), _("At home"), _("Open the home")),
        ),
        Face(
            "guard",
            "community",
            GUARD,
            icon="duty",
            words=(_("The guard's duty screen"), _("Duty screen"), _("Open the duty screen")),
        ),
        Face(
            "manager",
            "community",
            MANAGER,
            icon="building",
            words=(_("The manager's portal"), _("Portal"), _("Open the portal")),
        ),
    )
}


class DemoPage:
    """The page and its connection to the simulated devices.

    Args:
        plan: the demo's ports and folders.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._live = Live()
        self._consents = Consents(plan.data("home"))
        self._looking: asyncio.Task[None] | None = None
        self._stage: Stage | None = None
        self._server: Server | None = None
        self._store: Store | None = None

    async def start(self) -> None:
        """Serve the page; its devices come with ``connect``."""
        from hub.plugins import broker_users

        password = broker_users.load_or_create(self._plan.data("home"))["devices"]
        settings = MqttSettings(
            LOOPBACK,
            self._plan.ports["broker"],
            username="devices",
            password=password,
            client_id=f"linli-demo-page-{secrets.token_hex(8)}",
        )
        self._stage = Stage(settings, lambda: self._live.changed("stage"))
        listen = Listen(LOOPBACK, self._plan.ports["page"])
        self._server = await serve(self._app(listen, self._stage), listen)
        self._looking = asyncio.create_task(self._look(), name="the home's choices")

    async def connect(self) -> None:
        """Reach the simulated devices; their broker answers by now."""
        if self._stage is not None:
            await self._stage.start()

    async def stop(self) -> None:
        """End page and connection."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        if self._server is not None:
            await self._server.stop()
        if self._stage is not None:
            await self._stage.stop()
        if self._store is not None:
            self._store.close()
        await asyncio.to_thread(self._consents.close)

    async def _look(self) -> None:
        """Keep the steps in step with what the resident chooses meanwhile."""
        while True:
            if await asyncio.to_thread(self._consents.look):
                self._live.changed("stage")
            await asyncio.sleep(LOOK_S)

    def _app(self, listen: Listen, stage: Stage) -> web.Application:
        from web.design import Design
        from web.design.page import DESIGN

        # Nobody signs in here; the gate still wants to know who could.
        self._store = Store(":memory:")
        self._store.run_sync(lambda db: migrate(db, SCHEMA))
        box = MachineKey.load_or_create(self._plan.folder / "keys").box("demo page")
        accounts = Accounts(HomeAccountsTable(self._store, OneKey(box)), HOME_ROLES)
        design = Design(
            "demo",
            template_dirs=(HERE / "templates",),
            domains=("hub",),
            static={"demo": HERE / "static"},
        )

        async def draw(context: LiveContext) -> str:
            seen = self._seen(design.language(context.lang), stage)
            return design.fragment(context.lang, "demo_live.html", csrf=context.csrf, **seen)

        self._live.part("stage", draw, ("stage",), ANYONE)
        app = create_app(
            name="demo",
            accounts=accounts,
            listen=listen,
            live=self._live,
            pages=design.render,
            routes=(self._routes(design, stage),),
            static=design.mounts,
        )
        app[DESIGN] = design
        return app

    def _seen(self, words: Any, stage: Stage) -> dict[str, Any]:
        """What the live part shows."""
        return {
            "scenes": [
                (scene, stage.since(scene), scene.steps(self._consents.told(scene.klass)))
                for scene in SCENES.values()
            ],
            "devices": [_tile(words, stage, device) for device in DEVICES.values()],
            "ready": stage.ready,
            "faces": FACES,
            "seconds": round(self._plan.ask_s),
        }

    def _routes(self, design: Any, stage: Stage) -> Routes:
        routes = Routes()

        @routes.get("/", allow=ANYONE)
        async def show(request: web.Request) -> web.Response:
            await asyncio.to_thread(self._consents.look)
            response: web.Response = design.render(
                request,
                "demo.html",
                homes=self._plan.homes,
                addresses={
                    key: self._plan.address(face.program, host_of(face.account))
                    for key, face in FACES.items()
                },
                **self._seen(design.language(request["lang"]), stage),
            )
            return response

        @routes.get("/open/{face}", allow=ANYONE)
        async def open_face(request: web.Request) -> web.Response:
            """Make a fresh link and lead there; only our own page may ask."""
            face = FACES.get(request.match_info["face"])
            if face is None:
                raise Problem(404, "not_found")
            if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
                raise Problem(403, "forbidden")
            link = await sign_in_link(self._plan, face.program, face.account)
            return web.Response(status=303, headers={"Location": link})

        @routes.post("/scenes/{scene}/{order}", allow=ANYONE)
        async def play(request: web.Request) -> web.Response:
            from web.design import done, refused

            scene = SCENES.get(request.match_info["scene"])
            order = request.match_info["order"]
            if scene is None or not scene.device or order not in {"begin", "end"}:
                raise Problem(404, "not_found")
            words = design.language(request["lang"])
            try:
                await stage.play(scene, begin=order == "begin")
            except MqttUnavailable:
                return refused(request, words("The simulated devices are not there yet."))
            text = _("It has begun. Watch the home.")
            if order == "end":
                text = _("It is over. The home says so.")
            return done(request, words(text))

        return routes


def _tile(words: Any, stage: Stage, device: Device) -> dict[str, object]:
    """One device in the words that the home uses for it."""
    from web.kinds.states import state_word

    value, there = stage.value(device), stage.there(device)
    mode = "" if there else "gone"
    if there and value is True:
        mode = "alarm" if device.kind == "binary_sensor" else "on"
    state = state_word(words, device.kind, device.device_class, value)
    return {
        "key": device.key,
        "name": words(device.name),
        "icon": device.icon,
        "state": state if there else words("Not connected"),
        "mode": mode,
    }
