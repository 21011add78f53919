"""The page of contacts: who is told, added and changed with the yes, tried out, taken back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.core.language import LANGUAGES
from hub.home.contacts.model import Draft
from hub.http.problems import Problem
from hub.http.routes import Routes
from privacy.consent import CONTACT_CLASSES, TELL_CONTACT
from web.contacts.words import DELAYS
from web.design import done, refused
from web.facade import Refusal
from web.house import RESIDENTS, House, actor_of, field

if TYPE_CHECKING:
    from hub.home.contacts.model import Contact

TEMPLATES = Path(__file__).parent / "templates"


def _(message: str) -> str:
    """Mark a message for extraction; it is translated where it is shown."""
    return message


LANGUAGE_NAMES = {"zh_CN": "中文", "en": "English"}
MOVED = _("Its address moved: it answered with HTTP status %(status)s. Write the new one.")
ANSWERED = _("It answered with HTTP status %(status)s and may not have taken the message.")


def contact_routes(house: House) -> Routes:
    """Return the page's routes."""
    routes = Routes()

    @routes.get("/contacts", allow=RESIDENTS)
    async def contacts(request: web.Request) -> web.Response:
        return house.design.render(request, "contacts.html", **await _seen(house, request))

    @routes.post("/contacts", allow=RESIDENTS)
    async def add(request: web.Request) -> web.Response:
        return await _save(house, request, None)

    @routes.get("/contacts/{id}", allow=RESIDENTS)
    async def contact(request: web.Request) -> web.Response:
        one = _contact(house, request)
        if not house.runtime.contacts.may_change(one, actor_of(request)):
            raise Problem(403, "not_allowed")
        seen = {**_fields(house), "contact": one, "given": _given(one), "errors": {}}
        return house.design.render(request, "contact.html", **seen)

    @routes.post("/contacts/{id}", allow=RESIDENTS)
    async def change(request: web.Request) -> web.Response:
        return await _save(house, request, _contact(house, request))

    @routes.post("/contacts/{id}/test", allow=RESIDENTS)
    async def test(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        one = _contact(house, request)
        try:
            status = await house.runtime.contacts.test(one.id, actor_of(request))
        except Refusal as refusal:
            return refused(request, refusal.say(words))
        if 200 <= status < 300:
            text = words("Taken, with HTTP status %(status)s. Did it ring?", status=status)
            return done(request, text)
        return refused(request, words(MOVED if 300 <= status < 400 else ANSWERED, status=status))

    @routes.post("/contacts/{id}/remove", allow=RESIDENTS)
    async def remove(request: web.Request) -> web.Response:
        words = house.design.language(request["lang"])
        one = _contact(house, request)
        try:
            await house.runtime.contacts.remove(one.id, actor_of(request))
        except Refusal as refusal:
            return refused(request, refusal.say(words))
        text = words("%(name)s is told nothing any more, not even what waited.", name=one.name)
        return done(request, text, "/contacts")

    return routes


def _contact(house: House, request: web.Request) -> Contact:
    found = house.runtime.contacts.get(request.match_info["id"])
    if found is None:
        raise Problem(404, "not_found")
    return found


def _fields(house: House) -> dict[str, Any]:
    return {
        "notice": house.runtime.consents.table.version(TELL_CONTACT),
        "classes": CONTACT_CLASSES,
        "delays": DELAYS,
        "languages": {key: LANGUAGE_NAMES[key] for key in LANGUAGES},
    }


async def _seen(house: House, request: web.Request) -> dict[str, Any]:
    contacts, actor = house.runtime.contacts, actor_of(request)
    yeses = [
        yes
        for one in house.runtime.consents.all()
        if one.purpose.name == TELL_CONTACT
        for yes in one.yeses
    ]
    return {
        **_fields(house),
        "contacts": contacts.all(),
        "mine": {one.id for one in contacts.all() if contacts.may_change(one, actor)},
        "asked_anew": {yes.scope for yes in yeses if yes.outdated or yes.lapsed},
        "names": {one.id: one.name for one in await house.runtime.accounts.all()},
        "given": {},
        "errors": {},
    }


def _given(one: Contact) -> dict[str, Any]:
    """What a form shows of a contact; its secret isn't shown again."""
    return {
        "name": one.name,
        "address": one.grant.url.text,
        "hazards": one.hazards,
        "after_s": one.after_s,
        "lang": one.lang,
        "label": one.label,
        "header": one.grant.header[0] if one.grant.header else "",
        "certificate": one.grant.certificate or "",
    }


async def _draft(request: web.Request) -> Draft:
    after = await field(request, "after_s", 8)
    return Draft(
        name=await field(request, "name", 256),
        address=await field(request, "address", 1024),
        hazards=[str(one) for one in (await request.post()).getall("hazards", ())],
        after_s=int(after) if after.isascii() and after.isdigit() else -1,
        lang=await field(request, "lang", 16),
        label=await field(request, "label", 256),
        header=await field(request, "header", 256),
        secret=await field(request, "secret", 2048),
        certificate=await field(request, "certificate", 32 * 1024),
        warned=await field(request, "warned", 8) == "yes",
    )


async def _save(house: House, request: web.Request, before: Contact | None) -> web.Response:
    words = house.design.language(request["lang"])
    draft, contacts = await _draft(request), house.runtime.contacts
    try:
        if before is None:
            one = await contacts.add(draft, actor_of(request))
        else:
            one = await contacts.change(before.id, draft, actor_of(request))
    except Refusal as refusal:
        return await _not_saved(house, request, (draft, before), refusal)
    text = words("%(name)s is told from now on. Try it with a test message.", name=one.name)
    return done(request, text, "/contacts")


async def _not_saved(
    house: House,
    request: web.Request,
    wanted: tuple[Draft, Contact | None],
    refusal: Refusal,
) -> web.Response:
    words = house.design.language(request["lang"])
    text, (draft, before) = refusal.say(words), wanted
    errors = {refusal.field: text} if refusal.field else {}
    given = {name: getattr(draft, name) for name in Draft.__slots__ if name != "secret"}
    seen = {**await _seen(house, request), "contact": before, "given": given, "errors": errors}
    template = "contact.html" if before else "contacts.html"
    page = house.design.render(request, template, **seen)
    said = words("Please look at the marked field.") if errors else text
    return refused(request, said, errors, page)
