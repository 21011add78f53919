"""The page of contacts and what other pages say of them, with a real ledger and a real webhook."""

from __future__ import annotations

import html
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hub.core.commands import Actor
from hub.home.contacts.model import Contact, Draft
from privacy.consent import TELL_CONTACT
from tests.privacy.contacts import Webhook, webhook
from tests.web.hazards import hazard
from tests.web.homes import Served, served
from tests.web.programs import Program, program
from tests.web.visitors import visiting
from web.contacts.words import AGAIN, STATES, UNLOGGED
from web.design.formats import clock

OWNER = Actor("1", "owner", "person")
FORM = {
    "name": "女儿",
    "hazards": "gas",
    "after_s": "180",
    "lang": "en",
    "label": "Grandma's",
    "warned": "yes",
}


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as made:
        yield made


@pytest.fixture
def phone() -> Iterator[Webhook]:
    with webhook() as made:
        yield made


async def add(home: Served, phone: Webhook, **more: Any) -> Contact:
    given: dict[str, Any] = {
        "name": "女儿",
        "address": phone.address,
        "hazards": ["gas", "sos"],
        "after_s": 0,
        "lang": "en",
        "label": "Grandma's",
        "warned": True,
    }
    return await home.home.contacts.add(Draft(**(given | more)), OWNER)


async def test_a_contact_is_added_tried_changed_and_removed(home: Served, phone: Webhook) -> None:
    async with visiting(home, "resident") as visitor:
        text = (await visitor.get("/contacts"))[1]
        assert "Nobody outside is told" in text
        assert " checked" not in text
        status, answer = await visitor.press("/contacts", **FORM, address=phone.address)
        assert (status, answer["go"]) == (200, "/contacts")
        (one,) = home.home.contacts.all()
        text = html.unescape((await visitor.get("/contacts"))[1])
        assert "女儿" in text
        assert f"http://127.0.0.1:{phone.port}<" in text
        assert "when nobody here has seen it for 3 minutes" in text
        assert "Not encrypted" in text

        status, answer = await visitor.press(f"/contacts/{one.id}/test")
        assert (status, answer["toast"]) == (200, "Taken, with HTTP status 200. Did it ring?")
        assert phone.statuses() == ["test"]
        for code, said in ((404, "HTTP status 404 and may not"), (301, "Its address moved")):
            phone.status = code
            status, answer = await visitor.press(f"/contacts/{one.id}/test")
            assert status == 422
            assert said in str(answer["error"])

        text = (await visitor.get(f"/contacts/{one.id}"))[1]
        assert f'value="{phone.address}"' in html.unescape(text)
        changed = FORM | {"name": "儿子", "hazards": "leak", "address": phone.address}
        assert (await visitor.press(f"/contacts/{one.id}", **changed))[0] == 200
        assert home.home.contacts.all()[0].granted == {"leak"}
        assert (await visitor.press(f"/contacts/{one.id}/remove"))[0] == 200
        assert home.home.reachable.ledger.given(TELL_CONTACT) == []
        assert (await visitor.get(f"/contacts/{one.id}"))[0] == 404


async def test_a_contact_is_changed_by_whose_it_is_and_removed_by_every_adult(
    home: Served, phone: Webhook
) -> None:
    one = await add(home, phone)
    change = FORM | {"name": "儿子", "address": phone.address}
    async with visiting(home, "resident") as visitor:
        text = (await visitor.get("/contacts"))[1]
        assert f'href="/contacts/{one.id}"' not in text
        assert (await visitor.get(f"/contacts/{one.id}"))[0] == 403
        status, answer = await visitor.press(f"/contacts/{one.id}", **change)
        assert (status, "Only who added" in str(answer["error"])) == (422, True)
        assert (await visitor.press(f"/contacts/{one.id}/remove"))[0] == 200
        await visitor.press("/contacts", **change)
        (own,) = home.home.contacts.all()
        assert "演示住户" in (await visitor.get("/contacts"))[1]
        assert (await visitor.get(f"/contacts/{own.id}"))[0] == 200
    async with visiting(home, "owner") as visitor:
        assert (await visitor.press(f"/contacts/{own.id}", **change))[0] == 200
        again = home.home.contacts.get(own.id)
        assert again is not None
        assert again.by == own.by, "the owner's change doesn't make it the owner's"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("address", "http://ntfy.sh/x"),
        ("hazards", "earthquake"),
        ("after_s", "soon"),
        ("lang", ""),
        ("label", ""),
        ("warned", ""),
        ("secret", "x"),
        ("certificate", "x"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(home: Served, field: str, value: str) -> None:
    form = FORM | {"address": "https://ntfy.sh/x", field: value}
    named = "header" if field == "secret" else field
    async with visiting(home, "resident") as visitor:
        status, answer = await visitor.press("/contacts", **form)
        assert (status, list(answer["errors"])) == (422, [named])
        # Without scripts: the page again, with what was written.
        status, text, _path = await visitor.post("/contacts", **form)
        assert status == 422
        said = text.split(f'id="e-{named}"')[1].partition("</span>")[0]
        assert len(said.partition(">")[2]) > 5
        assert ('value="女儿"' in text) == (field != "name")
    assert home.home.contacts.all() == []


async def test_a_secret_is_never_shown(home: Served, phone: Webhook) -> None:
    one = await add(home, phone, header="Authorization", secret="Bearer top-secret")
    async with visiting(home, "owner") as visitor:
        for page in ("/contacts", f"/contacts/{one.id}", "/choices", "/sharing"):
            text = (await visitor.get(page))[1]
            assert "top-secret" not in text
            assert ("for=linli" in text) == (page == f"/contacts/{one.id}")


async def test_plans_and_the_call_for_help_name_who_is_told(home: Served, phone: Webhook) -> None:
    async with visiting(home, "resident") as visitor:
        assert (
            "Nobody outside your home is told" in (await visitor.get("/safety/hazards/overload"))[1]
        )
        await add(home, phone, hazards=["gas", "sos", "overload"])
        await add(home, phone, name="老王", after_s=60)
        page = (await visitor.get("/safety/hazards/overload"))[1]
        assert "女儿 is told at once." in page
        assert "老王" not in page
        page = (await visitor.get("/safety"))[1]
        assert "老王 is told when nobody here has seen it for a minute." in page
        page = (await visitor.get("/sos"))[1]
        for name in ("女儿", "老王"):
            assert f"Ten seconds later {name} is told." in page


@pytest.mark.parametrize("state", list(STATES))
@pytest.mark.parametrize("problem", ["", "unreached", "unlogged"])
async def test_an_alarm_says_what_became_of_telling(home: Served, state: str, problem: str) -> None:
    at = time.time()
    told = SimpleNamespace(name="女儿", state=state, at=at, problem=problem)
    sensor = home.home.named("厨房燃气报警器")
    home.home.open = [hazard("gas", sensor, "厨房燃气报警器", "厨房", contacts=[told])]
    text = STATES[state][0]
    if state == "trying" and problem:
        text = UNLOGGED if problem == "unlogged" else AGAIN
    async with visiting(home, "resident") as visitor:
        page = html.unescape((await visitor.get("/"))[1])
        assert text % {"name": "女儿", "time": clock(at)} in page
        assert ("It was a false alarm" in page) == (state == "told")
        home.home.open[0].active, home.home.open[0].cleared_at = False, at
        page = html.unescape((await visitor.get("/"))[1])
        assert text % {"name": "女儿", "time": clock(at)} in page


async def test_the_ledger_names_the_address(home: Served) -> None:
    recipient = "https://ntfy.sh 0123456789abcdef"
    home.home.reachable.ledger.give(TELL_CONTACT, "leak", "1", scope="c", recipient=recipient)
    await home.home.consents.read()
    async with visiting(home, "resident") as visitor:
        text = (await visitor.get("/ledger"))[1]
        assert "Tell a contact ·  https://ntfy.sh<" in text
        assert 'href="/notices/tell_contact/2"' in text
        status, _answer = await visitor.press(
            "/choices/withdraw", purpose=TELL_CONTACT, klass="gas"
        )
        assert status == 400


DRAFT = {
    "name": "女儿",
    "hazards": ["gas"],
    "after_s": 0,
    "language": "en",
    "label": "Grandma's",
    "warned": True,
}


@pytest.fixture
async def owner(home: Served) -> AsyncIterator[Program]:
    async with program(home) as made:
        yield made


async def test_programs_do_what_the_page_does(home: Served, phone: Webhook, owner: Program) -> None:
    draft = DRAFT | {"address": phone.address, "header": "X-Key", "secret": "top-secret"}
    status, made = await owner.ask("POST", "/sharing/contacts", draft)
    assert status == 200
    _, answer = await owner.ask("GET", "/sharing/contacts")
    (one,) = answer["contacts"]
    assert one.pop("since") > 0
    assert one == {
        "id": made["id"],
        "name": "女儿",
        "recipient": f"http://127.0.0.1:{phone.port}",
        "hazards": ["gas"],
        "granted": ["gas"],
        "after_s": 0,
        "language": "en",
        "label": "Grandma's",
        "header": "X-Key",
    }
    path = f"/sharing/contacts/{made['id']}"
    assert await owner.ask("POST", f"{path}/test") == (200, {"status": 200})
    assert phone.requests[0][1]["X-Key"] == "top-secret"
    changed = DRAFT | {"hazards": ["leak"], "header": "X-Key"}
    assert await owner.ask("PUT", path, changed) == (204, None)
    assert home.home.contacts.all()[0].grant.header == ("X-Key", "top-secret")
    refused = DRAFT | {"warned": False}
    assert await owner.refused("PUT", path, refused) == "409 refused warned"
    refused = DRAFT | {"address": "http://ntfy.sh/x"}
    assert await owner.refused("POST", "/sharing/contacts", refused) == "409 refused address"
    assert await owner.ask("DELETE", path) == (204, None)
    for method, one_path in (("DELETE", path), ("POST", f"{path}/test")):
        assert await owner.refused(method, one_path) == "404 unknown_contact"


async def test_programs_see_what_became_of_telling(home: Served, owner: Program) -> None:
    told = SimpleNamespace(name="女儿", state="told", at=5.0, problem="")
    home.home.open = [hazard("gas", "binary_sensor.x", "x", "", contacts=[told])]
    _, answer = await owner.ask("GET", "/hazards")
    assert answer["hazards"][0]["contacts"] == [{"name": "女儿", "state": "told", "at": 5.0}]
