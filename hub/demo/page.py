"""The demo's own page: start a hazard, end it, open the faces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from hub.accounts.accounts import Accounts
from hub.accounts.home_table import SCHEMA, HomeAccountsTable
from hub.accounts.model import HOME_ROLES
from hub.core.mqtt import MqttConnection, MqttSettings, MqttUnavailable
from hub.core.settings import LOOPBACK, Listen
from hub.core.store import Store, migrate
from hub.demo.plan import GUARD, MANAGER, OWNER, Plan
from hub.demo.programs import sign_in_link
from hub.http.problems import Problem
from hub.http.routes import ANYONE, Routes
from hub.http.server import Server, create_app, serve
from privacy.vault import MachineKey

if TYPE_CHECKING:
    from web.design import Design

TEMPLATES = Path(__file__).parent / "templates"


def _(message: str) -> str:
    """Mark a message for extraction; the page translates it."""
    return message


class Scene:
    """Something that can be started: what the simulated device is told, and what to look for."""

    __slots__ = ("begin", "device", "end", "icon", "key", "title", "watch")

    def __init__(
        self, key: str, device: str, order: str, *, icon: str, title: str, watch: str
    ) -> None:
        self.key = key
        self.device = device
        self.begin = f'{{"{order}": true}}'
        self.end = f'{{"{order}": false}}'
        self.icon = icon
        self.title = title
        self.watch = watch


SCENES = {
    scene.key: scene
    for scene in (
        Scene(
            "gas",
            "gas_sensor",
            "alarm",
            icon="gas",
            title=_("Gas leak in the kitchen"),
            watch=_(
                "At home the gas valve closes at once and nothing electrical is switched. If"
                " nobody answers the question within half a minute, the duty desk is told the"
                " zone, because the demo resident chose so."
            ),
        ),
        Scene(
            "smoke",
            "smoke_sensor",
            "alarm",
            icon="smoke",
            title=_("Smoke in the living room"),
            watch=_(
                "The siren sounds, the gas valve closes, the kettle's socket is switched off. The"
                " duty desk is told the zone after half a minute without an answer."
            ),
        ),
        Scene(
            "leak",
            "leak_sensor",
            "alarm",
            icon="leak",
            title=_("Water on the bathroom floor"),
            watch=_(
                "The water valve closes. Nobody is told: the demo resident chose nobody for water."
            ),
        ),
        Scene(
            "lost",
            "gas_sensor",
            "lost",
            icon="supervision",
            title=_("Gas sensor lost"),
            watch=_("After ten seconds the home says that this place is no longer watched over."),
        ),
    )
}
FACES = {
    "resident": ("home", OWNER, "home", _("The resident's home")),
    "guard": ("community", GUARD, "duty", _("The guard's duty screen")),
    "manager": ("community", MANAGER, "building", _("The manager's portal")),
}


class DemoPage:
    """The page and its connection to the simulated devices.

    Args:
        plan: the demo's ports and folders.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._running: set[str] = set()
        self._mqtt: MqttConnection | None = None
        self._server: Server | None = None
        self._store: Store | None = None

    async def start(self) -> None:
        """Serve the page; the home's broker may still be starting."""
        from hub.plugins import broker_users

        password = broker_users.load_or_create(self._plan.data("home"))["devices"]
        self._mqtt = MqttConnection(
            MqttSettings(
                LOOPBACK,
                self._plan.ports["broker"],
                username="devices",
                password=password,
                client_id="linli-demo-page",
            )
        )
        await self._mqtt.start()
        listen = Listen(LOOPBACK, self._plan.ports["page"])
        self._server = await serve(self._app(listen), listen)

    async def stop(self) -> None:
        """End page and connection."""
        if self._server is not None:
            await self._server.stop()
        if self._mqtt is not None:
            await self._mqtt.stop()
        if self._store is not None:
            self._store.close()

    def _app(self, listen: Listen) -> web.Application:
        from web.design import Design
        from web.design.page import DESIGN

        # Nobody signs in here; the gate still wants to know who could.
        self._store = Store(":memory:")
        self._store.run_sync(lambda db: migrate(db, SCHEMA))
        box = MachineKey.load_or_create(self._plan.folder / "keys").box("demo page")
        accounts = Accounts(HomeAccountsTable(self._store, box), HOME_ROLES)
        design = Design("demo", template_dirs=(TEMPLATES,), domains=("hub",))
        app = create_app(
            name="demo",
            accounts=accounts,
            listen=listen,
            pages=design.render,
            routes=(self._routes(design),),
            static=design.mounts,
        )
        app[DESIGN] = design
        return app

    def _routes(self, design: Design) -> Routes:
        routes = Routes()

        @routes.get("/", allow=ANYONE)
        async def show(request: web.Request) -> web.Response:
            return design.render(
                request,
                "demo.html",
                scenes=SCENES.values(),
                running=self._running,
                faces=FACES,
                addresses={key: self._plan.address(face[0]) for key, face in FACES.items()},
            )

        @routes.get("/open/{face}", allow=ANYONE)
        async def open_face(request: web.Request) -> web.Response:
            """Make a fresh link and lead there; only our own page may ask."""
            face = FACES.get(request.match_info["face"])
            if face is None:
                raise Problem(404, "not_found")
            if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
                raise Problem(403, "forbidden")
            link = await sign_in_link(self._plan, face[0], face[1])
            return web.Response(status=303, headers={"Location": link})

        @routes.post("/scenes/{scene}/{order}", allow=ANYONE)
        async def play(request: web.Request) -> web.Response:
            from web.design import done, refused

            scene = SCENES.get(request.match_info["scene"])
            order = request.match_info["order"]
            if scene is None or order not in {"begin", "end"}:
                raise Problem(404, "not_found")
            words = design.language(request["lang"])
            try:
                await self._play(scene, order)
            except MqttUnavailable:
                return refused(request, words("The simulated devices are not running yet."))
            begun = _("It has begun. Look at the home.")
            return done(request, words(begun if order == "begin" else _("It is over.")), go="/")

        return routes

    async def _play(self, scene: Scene, order: str) -> None:
        if self._mqtt is None:
            raise MqttUnavailable("not started")
        payload = scene.begin if order == "begin" else scene.end
        await self._mqtt.publish(f"sim/{scene.device}/set", payload, qos=1)
        if order == "begin":
            self._running.add(scene.key)
        else:
            self._running.discard(scene.key)
