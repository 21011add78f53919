"""Forms of integrations and of the home's broker, made of their typed config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.adding.brokers import BrokerForm, saved_secrets
from hub.adding.problems import AddProblem
from hub.core.store import StoreError
from hub.http.problems import Problem
from hub.http.routes import Routes
from hub.plugins.config import ConfigProblem
from hub.plugins.forms import kept_secrets, read_form, shown
from web.adding.fields import NOT_SAVED, beside, defaults, fields_of, said, speaker, typed
from web.design import done, refused
from web.house import OWNER, House, actor_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiohttp import web

    from hub.adding.entries import Entry
    from hub.plugins.config import Config
    from hub.plugins.manifest import Manifest


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


LEAD = _(
    "Use a broker of your own instead of the built-in one. It is tried before anything changes; "
    "devices and alarms then depend on it."
)
DISK = _("The disk did not take it. Nothing was changed.")


class Form:
    """One form of the page ``add_form.html``: whose it is and what its words are.

    `words` holds title, lead, action, back and press; texts are in the reader's language.
    """

    __slots__ = ("config", "kept", "manifest", "words")

    def __init__(
        self,
        config: type[Config],
        manifest: Manifest | None,
        kept: frozenset[str],
        words: Mapping[str, Any],
    ) -> None:
        self.config = config
        self.manifest = manifest
        self.kept = kept
        self.words = words


def show(
    house: House,
    request: web.Request,
    form: Form,
    values: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    problem: str = "",
) -> web.Response:
    """Return the page with the form."""
    words = house.design.language(request["lang"])
    say = speaker(words, form.manifest, request["lang"])
    response = house.design.render(
        request,
        "add_form.html",
        fields=fields_of(form.config, say, values, errors=errors, kept=form.kept),
        problem=problem,
        **{"own": False, "operators": False, **form.words},
    )
    response.headers["Cache-Control"] = "no-store"
    return response


async def submit(
    house: House,
    request: web.Request,
    form: Form,
    saved: Mapping[str, object],
    act: Callable[[dict[str, object]], Awaitable[web.Response]],
) -> web.Response:
    """Read what was typed and act on it; what is wrong is said beside its field."""
    words = house.design.language(request["lang"])
    say = speaker(words, form.manifest, request["lang"])
    given = await typed(request, form.config)
    errors: dict[str, str] = {}
    try:
        return await act(read_form(form.config, given, saved))
    except ConfigProblem as problem:
        errors = said(problem, form.config, say)
        text = " ".join(filter(None, (words(NOT_SAVED), beside(problem, form.config, say))))
    except AddProblem as problem:
        text = problem.say(words)
        if problem.field:
            errors = {problem.field: text}
    except (OSError, StoreError):
        text = words(DISK)
    page = show(house, request, form, given, errors=errors, problem=text)
    return refused(request, text, errors, page)


def setting_routes(house: House) -> Routes:
    """Return the routes of the forms; only the owner has them."""
    routes = Routes()
    routes.extend(_entry_routes(house))
    routes.extend(_broker_routes(house))
    return routes


def _entry_routes(house: House) -> Routes:
    routes = Routes()
    adding = house.runtime.adding

    @routes.get("/add/new/{domain}", allow=OWNER)
    async def new(request: web.Request) -> web.Response:
        form = await _new(house, request)
        find = adding.finds.get(request.query.get("find", ""))
        fills = find.fills if find and find.domain == request.match_info["domain"] else {}
        return show(house, request, form, defaults(form.config, fills))

    @routes.post("/add/new/{domain}", allow=OWNER)
    async def add(request: web.Request) -> web.Response:
        form = await _new(house, request)
        domain = request.match_info["domain"]

        async def act(data: dict[str, object]) -> web.Response:
            entry = await adding.add(domain, data, request.query.get("find", ""))
            return await _noted(house, request, "add integration", entry, _("Added."))

        return await submit(house, request, form, {}, act)

    @routes.get("/add/entries/{entry}", allow=OWNER)
    async def entry(request: web.Request) -> web.Response:
        found, form = await _known(house, request)
        return show(house, request, form, shown(form.config, found.data))

    @routes.post("/add/entries/{entry}", allow=OWNER)
    async def change(request: web.Request) -> web.Response:
        found, form = await _known(house, request)

        async def act(data: dict[str, object]) -> web.Response:
            changed = await adding.change(found.id, data)
            return await _noted(house, request, "change integration", changed, _("Saved."))

        return await submit(house, request, form, found.data, act)

    @routes.post("/add/entries/{entry}/remove", allow=OWNER)
    async def remove(request: web.Request) -> web.Response:
        found = adding.entries.get(request.match_info["entry"])
        if found is None:
            raise Problem(404, "not_found")
        try:
            await adding.remove(found.id)
        except AddProblem as problem:
            return refused(request, problem.say(house.design.language(request["lang"])))
        return await _noted(house, request, "remove integration", found, _("Removed."))

    return routes


async def _noted(
    house: House, request: web.Request, action: str, entry: Entry, text: str
) -> web.Response:
    await house.runtime.note(actor_of(request), action, entry.id)
    return done(request, house.design.language(request["lang"])(text), "/add")


async def _new(house: House, request: web.Request) -> Form:
    domain = request.match_info["domain"]
    adding = house.runtime.adding
    if adding.entries.is_built_in(domain):
        raise Problem(404, "not_found")
    form = await _form(house, request, domain, frozenset(), request.path_qs)
    form.words = {**form.words, "press": house.design.language(request["lang"])("Add")}
    return form


async def _known(house: House, request: web.Request) -> tuple[Entry, Form]:
    entry = house.runtime.adding.entries.get(request.match_info["entry"])
    if entry is None:
        raise Problem(404, "not_found")
    form = await _form(house, request, entry.domain, frozenset(), request.path)
    form.kept = kept_secrets(form.config, entry.data)
    form.words = {
        **form.words,
        "remove": f"{request.path}/remove"
        if house.runtime.adding.entries.removable(entry.id)
        else "",
    }
    return entry, form


async def _form(
    house: House, request: web.Request, domain: str, kept: frozenset[str], action: str
) -> Form:
    adding = house.runtime.adding
    words = house.design.language(request["lang"])
    key = "zh_CN" if request["lang"] == "zh_CN" else "en"
    try:
        manifest = adding.manifest(domain)
        config = await adding.config_of(domain)
    except AddProblem:
        raise Problem(404, "not_found") from None
    texts = {
        "title": manifest.name[key],
        "lead": manifest.description[key],
        "action": action,
        "back": "/add",
        "press": words("Save"),
        "remove": "",
    }
    return Form(config, manifest, kept, texts)


def _broker_routes(house: House) -> Routes:
    routes = Routes()
    adding = house.runtime.adding

    def form_of(request: web.Request) -> Form:
        words = house.design.language(request["lang"])
        texts = {
            "title": words("The home's broker"),
            "lead": words(LEAD),
            "action": "/add/broker",
            "back": "/add",
            "press": words("Try it and use it"),
            "remove": "",
            "own": adding.outside is not None,
            "operators": adding.operators_broker,
        }
        return Form(BrokerForm, None, saved_secrets(adding.outside), texts)

    @routes.get("/add/broker", allow=OWNER)
    async def broker(request: web.Request) -> web.Response:
        form = form_of(request)
        find = adding.finds.get(request.query.get("find", ""))
        values = shown(BrokerForm, adding.broker_data)
        if find is not None:
            values = defaults(BrokerForm, find.fills)
            form.kept = frozenset()
        return show(house, request, form, values)

    @routes.post("/add/broker", allow=OWNER)
    async def use(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])

        async def act(data: dict[str, object]) -> web.Response:
            await adding.use_broker(data)
            await house.runtime.note(actor_of(request), "use broker", str(data["host"]))
            return done(request, words("The home uses this broker now."), "/add")

        # A saved password goes to the broker that it was given for, and to no other.
        given = await typed(request, BrokerForm)
        same = given.get("host", "").strip() == adding.broker_data.get("host")
        saved = adding.broker_data if same else {}
        return await submit(house, request, form_of(request), saved, act)

    @routes.post("/add/broker/own", allow=OWNER)
    async def own(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        try:
            await adding.use_own_broker()
        except AddProblem as problem:
            return refused(request, problem.say(words))
        await house.runtime.note(actor_of(request), "use broker", "built-in")
        return done(request, words("The home uses its own broker again."), "/add")

    return routes
