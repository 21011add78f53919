"""Contacts told over a real line, with a real ledger and log, in alarms and out of them."""

from __future__ import annotations

import socket
import time
from datetime import datetime
from typing import Any

import pytest

from hub.home.contacts import telling
from hub.home.contacts.model import MOST
from hub.home.contacts.words import CHINA
from hub.home.left import grant_views
from hub.home.refusal import Refusal
from privacy.consent import TELL_CONTACT
from privacy.grants import UNREACHED
from tests.certificates import Authority
from tests.hub.home.conftest import OWNER
from tests.hub.home.contacts.conftest import Household, draft, hazard
from tests.privacy.contacts import Webhook, webhook
from tests.privacy.helpers import files_contain, until


async def tell(home: Household, **more: Any) -> None:
    await home.contacts.hazard_changed(hazard(**more))


async def test_told_at_once_and_told_that_it_is_over(household: Household, phone: Webhook) -> None:
    contact_id = await household.add(phone)
    await tell(household)
    await until(lambda: household.states() == ["told"])
    raised = phone.said()[0]
    clock = datetime.fromtimestamp(raised["at"], CHINA).strftime("%H:%M")
    assert raised == {
        "title": "燃气报警：奶奶家",
        "message": f"奶奶家在 {clock} 检测到燃气。"
        "家里有燃气时不要给家里打电话。请过去看看；有危险请拨打 119。",
        "hazard": "gas",
        "status": "raised",
        "at": raised["at"],
    }
    assert abs(raised["at"] - time.time()) < 60
    assert phone.requests[0][1]["Priority"] == "5"
    await tell(household, active=False)
    await until(lambda: household.states() == ["ended"])
    assert phone.statuses() == ["raised", "over"]
    assert len(set(phone.keys())) == 2
    assert contact_id not in "".join(phone.keys())
    assert [line["outcome"] for line in household.door.log()] == ["200", "200"]


async def test_the_same_report_again_tells_nothing_new(
    household: Household, phone: Webhook
) -> None:
    await household.add(phone)
    now = time.time()
    for _time in range(3):
        await tell(household, raised_at=now)
    await until(lambda: household.states() == ["told"])
    await tell(household, raised_at=now)
    await tell(household, active=False)
    await until(lambda: household.states() == ["ended"])
    assert phone.statuses() == ["raised", "over"]


async def test_only_of_what_was_chosen_and_what_began_since(
    household: Household, phone: Webhook
) -> None:
    began = time.time() - 60
    await household.add(phone)
    await tell(household, raised_at=began)
    await tell(household, kind="leak")
    await tell(household, kind="battery")
    assert household.states() == []
    assert [len(household.contacts.of(one)) for one in ("gas", "leak")] == [1, 0]


async def test_who_saw_it_at_home_spares_the_contact(household: Household, phone: Webhook) -> None:
    await household.add(phone, after_s=60)
    await household.add(phone, after_s=0, name="物业老王")
    now = time.time()
    await tell(household, raised_at=now)
    assert household.states() == ["waits", "trying"]
    await tell(household, raised_at=now, acknowledged_at=now + 1)
    await until(lambda: household.states() == ["seen", "told"])
    await tell(household, active=False)
    await until(lambda: household.states() == ["seen", "ended"])
    assert phone.statuses() == ["raised", "over"]


async def test_unseen_for_long_enough_is_told_and_says_so(
    household: Household, phone: Webhook
) -> None:
    contact_id = await household.add(phone, after_s=60, lang="en", label="Grandma's")
    contact = household.contacts.get(contact_id)
    assert contact is not None
    contact.since = 0  # the alarm began a minute ago, after the contact was added
    await tell(household, kind="leakage", raised_at=time.time() - 61)
    await until(lambda: household.states() == ["told"])
    assert phone.said()[0]["title"] == "Leakage current: Grandma's"
    assert "Nobody at home has said that they saw it." in phone.said()[0]["message"]
    assert phone.requests[0][1]["Priority"] == "4"


async def test_a_call_taken_back_in_time_is_told_to_nobody(
    household: Household, phone: Webhook
) -> None:
    await household.add(phone, after_s=600)
    now = time.time()
    await tell(household, kind="sos", raised_at=now)
    await tell(household, kind="sos", active=False, raised_at=now)
    assert household.states() == ["untold"]
    # The next one isn't: it doesn't wait for the ten minutes, nor for being unseen.
    now = time.time()
    await tell(household, id="h2", kind="sos", raised_at=now, acknowledged_at=now + 0.01)
    await until(lambda: household.states("h2") == ["told"])
    assert time.time() - now < 10
    assert [one["hazard"] for one in phone.said()] == ["sos"]


async def test_a_false_alarm_is_said_once(household: Household, phone: Webhook) -> None:
    await household.add(phone)
    await tell(household)
    await until(lambda: household.states() == ["told"])
    assert await household.contacts.cancel("h1")
    assert not await household.contacts.cancel("h1")
    await until(lambda: household.states() == ["ended"])
    await tell(household, active=False)
    assert not await household.contacts.cancel("h2")
    assert phone.statuses() == ["raised", "cancelled"]
    assert phone.said()[1]["title"] == "误报：燃气报警，奶奶家"


async def test_tried_again_until_it_is_taken(
    household: Household, phone: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "BACKOFF_S", (0.05,))
    phone.status = 503
    await household.add(phone)
    await tell(household)
    await until(lambda: len(phone.requests) >= 3)
    (told,) = household.contacts.told("h1")
    assert (told.state, told.problem) == ("trying", "503")
    phone.status = 201
    await until(lambda: household.states() == ["told"])
    assert len(set(phone.keys())) == 1
    assert {line["outcome"] for line in household.door.log()} == {"503", "201"}


async def test_nobody_reached_is_not_told_the_end(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "BACKOFF_S", (0.05,))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        await household.contacts.add(draft(f"http://127.0.0.1:{free.getsockname()[1]}/"), OWNER)
        await tell(household)
        await until(lambda: len(household.door.log()) >= 2)
        await tell(household, active=False)
        await until(lambda: household.states() == ["untold"])
    assert {line["outcome"] for line in household.door.log()} == {UNREACHED}


async def test_removing_stops_what_waits(
    household: Household, phone: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "BACKOFF_S", (0.02,))
    phone.status = 500
    contact_id = await household.add(phone)
    for number in range(12):
        await tell(household, id=f"h{number}")
    await until(lambda: len(phone.requests) >= 12)
    await household.contacts.remove(contact_id, OWNER)
    sent = len(household.door.log())
    await tell(household, id="h99")
    await household.again()
    assert household.contacts.all() == []
    # Nothing was written down since, so nothing left: the log comes before the line.
    assert len(household.door.log()) == sent
    assert household.door.ledger.given(TELL_CONTACT) == []
    assert [action for action, _id in household.noted] == ["add contact", "remove contact"]


async def test_a_broken_ledger_tells_nobody_and_lets_contacts_go(
    household: Household, phone: Webhook
) -> None:
    contact_id = await household.add(phone)
    household.door.ledger._db.execute("UPDATE consent SET sealed = x'00' WHERE seq = 1")
    assert household.door.ledger.verify()
    await tell(household)
    await until(lambda: [one.problem for one in household.contacts.told("h1")] == ["ungranted"])
    with pytest.raises(Refusal):
        await household.contacts.test(contact_id, OWNER)
    await household.contacts.remove(contact_id, OWNER)
    assert (household.contacts.all(), phone.requests) == ([], [])


async def test_it_goes_on_after_a_restart(household: Household, phone: Webhook) -> None:
    phone.hold.clear()
    await household.add(phone)
    await tell(household)
    await until(lambda: phone.requests)
    await household.again()
    phone.hold.set()
    await until(lambda: household.states() == ["told"])
    assert len(set(phone.keys())) == 1
    assert household.contacts.all()[0].name == "女儿"
    await tell(household, active=False)
    await until(lambda: household.states() == ["ended"])
    await household.again()
    await until(lambda: household.states() == ["ended"])
    assert phone.statuses()[-1] == "over"
    assert len(set(phone.keys())) == 2


async def test_a_test_says_that_it_is_one(household: Household, phone: Webhook) -> None:
    contact_id = await household.add(phone, lang="en", label="Grandma's")
    assert await household.contacts.test(contact_id, OWNER) == 200
    assert phone.said()[0] | {"at": 0} == {
        "title": "Test: Grandma's",
        "message": "This is a test from Grandma's. Nothing happened. "
        "In an alarm a message like this comes.",
        "hazard": "test",
        "status": "test",
        "at": 0,
    }
    phone.status = 404
    assert await household.contacts.test(contact_id, OWNER) == 404
    phone.drop = True
    with pytest.raises(Refusal, match="no answer"):
        await household.contacts.test(contact_id, OWNER)


async def test_changing_keeps_the_secret_for_its_own_address(
    household: Household, phone: Webhook
) -> None:
    contact_id = await household.add(phone, header="Authorization", secret="Bearer abc")
    change = draft("", header="Authorization", hazards=["leak"], name="儿子")
    contact = await household.contacts.change(contact_id, change, OWNER)
    assert contact.grant.header == ("Authorization", "Bearer abc")
    assert contact.granted == {"leak"}
    await household.contacts.test(contact_id, OWNER)
    assert phone.requests[-1][1]["Authorization"] == "Bearer abc"
    with pytest.raises(Refusal) as refusal:
        await household.contacts.change(
            contact_id, draft("https://elsewhere.example/", header="Authorization"), OWNER
        )
    assert refusal.value.field == "secret"
    moved = await household.contacts.change(contact_id, draft("https://elsewhere.example/"), OWNER)
    assert moved.grant.header is None
    assert moved.granted == {"gas", "sos", "leakage"}
    lines = household.door.ledger.lines()
    assert {str(line["recipient"]).split()[0] for line in lines if line["state"] == "given"} == {
        f"http://127.0.0.1:{phone.port}",
        "https://elsewhere.example",
    }


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("name", {"name": " "}),
        ("label", {"label": "x" * 65}),
        ("address", {"address": "phone"}),
        ("address", {"address": "http://ntfy.sh/x"}),
        ("hazards", {"hazards": []}),
        ("hazards", {"hazards": ["gas", "battery"]}),
        ("after_s", {"after_s": 5}),
        ("lang", {"lang": "fr"}),
        ("warned", {"warned": False}),
        ("header", {"header": "Host", "secret": "x"}),
        ("header", {"secret": "x"}),
        ("secret", {"header": "X-Key", "secret": "口令"}),
        ("secret", {"header": "X-Key"}),
        ("certificate", {"certificate": "-----BEGIN CERTIFICATE-----"}),
    ],
)
async def test_what_is_not_right_is_said_beside_its_field(
    household: Household, field: str, change: dict[str, Any]
) -> None:
    with pytest.raises(Refusal) as refusal:
        await household.contacts.add(draft(**({"address": "https://ntfy.sh/x"} | change)), OWNER)
    assert refusal.value.field == field
    assert (household.contacts.all(), household.door.ledger.lines()) == ([], [])


async def test_there_is_an_end_to_contacts(household: Household, phone: Webhook) -> None:
    for _number in range(MOST):
        await household.add(phone)
    with pytest.raises(Refusal):
        await household.add(phone)


async def test_a_certificate_of_their_own_is_trusted_for_them(household: Household) -> None:
    authority = Authority(household.folder)
    with webhook(authority.server("phone")) as phone:
        contact_id = await household.add(phone, certificate=authority.file.read_text())
        assert await household.contacts.test(contact_id, OWNER) == 200
        await household.contacts.change(contact_id, draft(""), OWNER)
        with pytest.raises(Refusal, match="Nobody can be reached"):
            await household.contacts.test(contact_id, OWNER)


async def test_nothing_of_a_contact_is_plain_on_the_disk(
    household: Household, phone: Webhook
) -> None:
    await household.add(phone, header="X-Key", secret="key-of-the-topic")
    await tell(household)
    await until(lambda: household.states() == ["told"])
    for plain in ("女儿", "奶奶家", "for=linli", "key-of-the-topic", "燃气"):
        assert files_contain(household.folder, plain.encode()) == []


async def test_a_locked_home_tells_without_names(household: Household, phone: Webhook) -> None:
    await household.add(phone)
    await household.contacts.stop()
    household.door.household.lock()
    household.contacts = household._contacts()
    await household.contacts.start(household.grants())
    await household.contacts.begin()
    await tell(household)
    await until(lambda: household.states() == ["told"])
    assert phone.statuses() == ["raised"]
    assert household.contacts.all()[0].name == ""
    household.door.household.unlock(passphrase="four lamps")
    await household.contacts.open()
    assert [one.name for one in household.contacts.told("h1")] == ["女儿"]


async def test_eight_contacts_are_told_beside_each_other(
    household: Household, phone: Webhook
) -> None:
    """One that holds on to its line keeps nobody waiting."""
    with webhook() as slow:
        slow.hold.clear()
        await household.add(slow)
        for _number in range(MOST - 1):
            await household.add(phone)
        await tell(household)
        await until(lambda: household.states().count("told") == MOST - 1)
        assert household.states()[0] == "trying"
        slow.hold.set()
        await until(lambda: household.states() == ["told"] * MOST)


def test_tries_that_did_not_leave_are_shown_once() -> None:
    data = (
        b"Priority: 5\r\n\r\n"
        + b'{"hazard": "gas", "status": "raised", "title": "", "message": ""}'
    )
    line = {"at": 1.0, "recipient": "https://ntfy.sh 01", "data": data, "outcome": UNREACHED}
    other = line | {"recipient": "https://ntfy.sh 02"}
    lines = [line, line, other, line, line | {"outcome": "200"}, line | {"outcome": "500"}]
    assert [one.state for one in grant_views(lines)] == ["sent", "taken", "unsent"]
    assert [one.state for one in grant_views(lines[:4])] == ["unsent", "unsent"]


async def test_a_contact_that_cannot_be_used_any_more_hides_no_other(
    household: Household, phone: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    await household.add(phone)
    await household.contacts.add(draft("https://ntfy.sh/x"), OWNER)
    monkeypatch.setattr("privacy.grants.is_local", lambda _host: False)
    await household.again()
    assert [one.grant.url.host for one in household.contacts.all()] == ["ntfy.sh"]
