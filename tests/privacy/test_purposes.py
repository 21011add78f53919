"""The table of purposes: complete, in both languages, and never edited."""

from __future__ import annotations

import hashlib
import json

import pytest

from privacy.consent import PURPOSES, canonical
from privacy.door_log import DOORS
from privacy.purposes import DATA, TABLE, TEXTS, Notice, Purpose, Purposes, purposes
from tests.catalogues import HALF, TIGHT

AGREED = {
    # purpose and version -> the notice as it was first published; a change is a new version
    ("tell_zone", 1): "252b6b09686b9971",
    ("tell_zone", 2): "5af09961a5379700",
    ("tell_zone_now", 1): "41995a26605ec6fc",
    ("tell_zone_now", 2): "03369d0e6138c079",
    ("sos_flat", 1): "e436b9c5b47b86e5",
    ("sos_flat", 2): "8ce192baf1552dd4",
    ("tell_contact", 1): "b1f81f4cb3e2f5dd",
    ("tell_contact", 2): "4a88753b06f2eb39",
    ("pairing", 1): "8921105e8d2c41e4",
    ("tokens", 1): "bf0667c8284584ce",
}
NOTICES = [(one, notice) for one in purposes().all() for notice in one.notices]


def named(case: object) -> str:
    return case.name if isinstance(case, Purpose) else str(getattr(case, "version", case))


def digest(purpose: Purpose, notice: Notice) -> str:
    rows = json.loads(TABLE.read_text("utf-8"))[purpose.name]["notices"]
    (row,) = [one for one in rows if one["version"] == notice.version]
    return hashlib.sha256(canonical(row)).hexdigest()[:16]


def test_every_purpose_of_the_ledger_has_a_notice() -> None:
    assert {one.name for one in purposes().all() if one.ledger} == set(PURPOSES)
    assert {one.door for one in purposes().all()} == {"events", *DOORS}


@pytest.mark.parametrize(("purpose", "notice"), NOTICES, ids=named)
def test_what_was_published_is_never_edited(purpose: Purpose, notice: Notice) -> None:
    assert digest(purpose, notice) == AGREED[purpose.name, notice.version]


@pytest.mark.parametrize("purpose", purposes().all(), ids=named)
def test_the_newest_says_everything_in_both_languages(purpose: Purpose) -> None:
    for text in purpose.notice.texts.values():
        assert list(text) == list(TEXTS)
        assert all(text.values())


@pytest.mark.parametrize(("purpose", "notice"), NOTICES, ids=named)
def test_chinese_is_set_as_it_should_be(purpose: Purpose, notice: Notice) -> None:
    for name, text in notice.texts["zh_CN"].items():
        assert bool(text) == bool(notice.texts["en"][name]), purpose.name
        assert TIGHT.search(text) is None
        assert HALF.search(text) is None


@pytest.mark.parametrize("purpose", purposes().all(), ids=named)
def test_versions_follow_each_other_and_more_data_widens(purpose: Purpose) -> None:
    assert [one.version for one in purpose.notices] == list(range(1, len(purpose.notices) + 1))
    assert set(purpose.notice.data) <= set(DATA)
    for before, after in zip(purpose.notices, purpose.notices[1:], strict=False):
        assert after.widens or set(after.data) <= set(before.data)


def a_table(*widens: bool, name: str = "tell_zone") -> Purposes:
    """One purpose with a notice for each word."""
    notices = [
        {"version": number, "widens": wide, "data": [], "en": {}, "zh_CN": {}}
        for number, wide in enumerate(widens, start=1)
    ]
    row = {"door": "events", "recipient": "duty_desk", "ledger": True, "notices": notices}
    return Purposes({name: row})


@pytest.mark.parametrize(
    ("widens", "holding"),
    [
        ((False,), {1}),
        ((False, False), {1, 2}),
        ((False, True), {2}),
        ((False, True, False), {2, 3}),
        ((False, False, True, True), {4}),
    ],
)
def test_a_yes_holds_until_something_widens_it(widens: tuple[bool, ...], holding: set[int]) -> None:
    table = a_table(*widens)
    assert {number for number in range(7) if table.holds("tell_zone", number)} == holding
    assert not table.holds("sell", 1)
    assert (table.version("tell_zone"), table.version("sell")) == (len(widens), 0)
