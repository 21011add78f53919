"""Who outside is told of alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.home.contacts.model import Draft
from hub.http.operations import Call, Operations
from hub.http.problems import Problem
from web.api import contact_models as models
from web.house import RESIDENTS

if TYPE_CHECKING:
    from hub.home.contacts.model import Contact
    from web.facade import HomeRuntime


def contact_operations(runtime: HomeRuntime) -> Operations:
    """Return what is done about contacts."""
    table = Operations("contacts")

    @table.add(
        "GET",
        "/sharing/contacts",
        allow=RESIDENTS,
        scope="read:sharing",
        summary="Who outside is told of alarms",
        answers=models.ContactList,
    )
    async def list_contacts(_call: Call) -> models.ContactList:
        return {"contacts": [_model(one) for one in runtime.contacts.all()]}

    @table.add(
        "POST",
        "/sharing/contacts",
        allow=RESIDENTS,
        scope="sharing",
        summary="Add a contact and the consent to tell them",
        takes=models.ContactDraft,
        answers=models.ContactMade,
        problems={409: "refused"},
    )
    async def add_contact(call: Call, given: models.ContactDraft) -> models.ContactMade:
        return {"id": (await runtime.contacts.add(_draft(given), call.actor)).id}

    _one_contact(runtime, table)
    return table


def _one_contact(runtime: HomeRuntime, table: Operations) -> None:
    @table.add(
        "PUT",
        "/sharing/contacts/{contact_id}",
        allow=RESIDENTS,
        scope="sharing",
        summary="Change a contact; another address or other hazards are another consent",
        takes=models.ContactDraft,
        problems={404: "unknown_contact", 409: "refused"},
    )
    async def change_contact(call: Call, given: models.ContactDraft) -> None:
        await runtime.contacts.change(_known(runtime, call).id, _draft(given), call.actor)

    @table.add(
        "DELETE",
        "/sharing/contacts/{contact_id}",
        allow=RESIDENTS,
        scope="sharing",
        summary="Withdraw the consent and forget the contact; nothing is sent from now on",
        problems={404: "unknown_contact", 409: "refused"},
    )
    async def remove_contact(call: Call) -> None:
        await runtime.contacts.remove(_known(runtime, call).id, call.actor)

    @table.add(
        "POST",
        "/sharing/contacts/{contact_id}/test",
        allow=RESIDENTS,
        scope="sharing",
        summary="Send a message that says it is a test",
        answers=models.ContactTested,
        problems={404: "unknown_contact", 409: "refused"},
    )
    async def test_contact(call: Call) -> models.ContactTested:
        return {"status": await runtime.contacts.test(_known(runtime, call).id, call.actor)}


def _known(runtime: HomeRuntime, call: Call) -> Contact:
    found = runtime.contacts.get(call.path["contact_id"])
    if found is None:
        raise Problem(404, "unknown_contact")
    return found


def _draft(given: models.ContactDraft) -> Draft:
    return Draft(
        name=given["name"],
        address=given.get("address", ""),
        hazards=given["hazards"],
        after_s=given["after_s"],
        lang=given["language"],
        label=given["label"],
        header=given.get("header", ""),
        secret=given.get("secret", ""),
        certificate=given.get("certificate", ""),
        warned=given["warned"],
    )


def _model(one: Contact) -> models.Contact:
    return {
        "id": one.id,
        "name": one.name,
        "recipient": one.grant.url.origin,
        "hazards": list(one.hazards),
        "granted": [name for name in one.hazards if name in one.granted],
        "after_s": one.after_s,
        "language": one.lang,
        "label": one.label,
        "header": one.grant.header[0] if one.grant.header else None,
        "since": one.since,
    }
