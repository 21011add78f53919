"""The register of flats: lists row by row, codes, move-out and its undoing, on both databases."""

from __future__ import annotations

import contextlib

import pytest
from aiohttp import ClientSession, FormData
from hypothesis import given
from hypothesis import strategies as st

from community.core import audit, register, roster
from community.core.roster import RosterError
from community.core.tables import Building, Member
from tests.community.conftest import Running
from tests.community.test_committee import enrol

HEAD = "building,riser,flat\n"


@pytest.mark.parametrize(
    "text",
    [
        "building,riser,flat\n3,1,502\n",
        "\ufeff楼栋,单元,房号\r\n3,1,502\r\n\r\n",
        "楼栋，单元，房号\n3，1，502",
        "Flat;Riser;Building;Area\n502;1;3;88\n",
        "building\triser\tflat\n3\t1\t502",
        'building,riser,flat\n"3"," 1 ","502"',
    ],
)
def test_what_table_programs_save_is_read(text: str) -> None:
    assert register.parse_flats(text) == [("3", "1", "502")]


def test_every_row_says_what_becomes_of_it() -> None:
    rows = register.read_rows(
        HEAD + "3,1,502\n3,1,503\n3,,504\n3,1,502\n3-1,1,1\n=3,1,1\n3,1,1234567890123\n3,1",
        {("3", "1", "503")},
    )
    assert [(row.line, row.state) for row in rows] == [
        (2, "new"),
        (3, "known"),
        (4, "incomplete"),
        (5, "twice"),
        (6, "letters"),
        (7, "letters"),
        (8, "long"),
        (9, "incomplete"),
    ]


@given(st.text(max_size=200), st.binary(max_size=200))
def test_any_text_is_read_or_refused(text: str, data: bytes) -> None:
    for given_text in (text, HEAD + text):
        try:
            rows = register.read_rows(given_text)
        except RosterError:
            continue
        assert all(row.wrong or all(row.path) for row in rows)
    with contextlib.suppress(RosterError):
        register.decode(data)


def test_a_list_saved_in_the_national_encoding_is_read() -> None:
    assert register.decode("楼栋,单元,房号".encode("gb18030")) == "楼栋,单元,房号"
    with pytest.raises(RosterError):
        register.decode(b"\xff\xfe\xff")


async def post(
    running: Running, path: str, form: FormData | dict[str, str], lang: str = "en"
) -> tuple[int, str]:
    headers = await running.headers("manager") | {"Accept-Language": lang}
    if path not in {"/roster/import", "/roster/codes"}:  # these two answer with a page
        headers["X-Linli-Form"] = "1"
    async with (
        ClientSession(running.address, headers=headers) as client,
        client.post(path, data=form) as answer,
    ):
        return answer.status, await answer.text()


async def names(running: Running) -> list[str]:
    return [flat.name for flat in await running.store.read(roster.flats)]


async def flat_page(running: Running, name: str) -> tuple[int, str]:
    flat = await running.store.read(lambda db: roster.find_flat(db, name))
    headers = await running.headers("manager")
    path = f"/roster/{flat}"
    async with ClientSession(running.address, headers=headers) as client, client.get(path) as seen:
        return flat, await seen.text()


async def test_a_list_is_looked_at_before_it_is_taken(running: Running) -> None:
    before = await names(running)
    text = HEAD + "7,1,101\n7,1,102\n1,1,101"
    status, page = await post(running, "/roster/import", {"flats": text})
    assert (status, "2 flats will be added" in page) == (200, True)
    assert await names(running) == before
    status, page = await post(running, "/roster/import", {"flats": text, "sure": "1"})
    assert status == 200
    assert await names(running) == [*before, "7-1-101", "7-1-102"]


async def test_a_wrong_row_keeps_all_that_was_typed(running: Running) -> None:
    before = await names(running)
    text = HEAD + "7,1,101\n7,,102"
    for form in ({"flats": text}, {"flats": text, "sure": "1"}):
        status, page = await post(running, "/roster/import", form, "zh-CN")
        assert status == 200
        assert "楼栋、单元、房号都要填" in page
        assert "7,1,101\n7,,102</textarea>" in page
    status, page = await post(running, "/roster/import", {"flats": "3,1,502"})
    assert (status, "3,1,502</textarea>" in page, "first line" in page) == (422, True, True)
    assert await names(running) == before


async def test_a_file_is_taken_as_well_as_text(running: Running) -> None:
    form = FormData()
    form.add_field("flats", "")
    data = "楼栋,单元,房号\n梅苑,1,101".encode("gb18030")
    form.add_field("file", data, filename="flats.csv", content_type="text/csv")
    _, page = await post(running, "/roster/import", form)
    assert "梅苑 · 1 · 101" in page
    assert "1 flat will be added" in page


async def test_a_flat_shows_no_more_than_it_must(running: Running) -> None:
    _, page = await flat_page(running, "1-1-101")
    assert "not enrolled" in page
    await post(running, "/roster/codes", {"building": "1"})
    flat, page = await flat_page(running, "1-1-101")
    assert "code printed" in page
    _, sheets = await post(running, "/roster/codes", {"building": "1"})
    assert "qr-card" not in sheets, "a code that lies in a letter box is not ended by the way"
    _, sheets = await post(running, "/roster/codes", {"flat": str(flat)})
    assert sheets.count("qr-card") == 1
    running.clock.forward(roster.CODE_LIFETIME + 1)
    _, page = await flat_page(running, "1-1-101")
    assert "code ran out" in page
    await enrol(running, ["1-1-101"])
    _, page = await flat_page(running, "1-1-101")
    assert "enrolled" in page
    lines = await running.store.read(audit.lines)
    assert [line.target for line in lines if line.act == "home code"][:1] == ["1-1-101"]


async def test_a_move_out_is_undone_for_ten_minutes(running: Running) -> None:
    await enrol(running, ["1-1-101"])
    flat, _ = await flat_page(running, "1-1-101")
    form = {"flat": str(flat), "why": roster.MOVED_OUT}
    await post(running, "/roster/revoke", form)
    await running.community.gateway.refresh()
    assert running.community.gateway.homes == 0
    _, page = await flat_page(running, "1-1-101")
    assert "Undo the move-out" in page
    await post(running, "/roster/undo", form)
    await running.community.gateway.refresh()
    assert running.community.gateway.homes == 1
    assert (await post(running, "/roster/undo", form))[0] == 422, "there is nothing to undo"
    await post(running, "/roster/revoke", form)
    running.clock.forward(roster.UNDO_S + 1)
    assert (await post(running, "/roster/undo", form))[0] == 422
    acts = [line.act for line in await running.store.read(audit.lines) if "revoke" in line.act]
    assert acts == ["home revoke", "home revoke undone", "home revoke"]


async def test_a_stolen_box_does_not_come_back(running: Running) -> None:
    await enrol(running, ["1-1-101"])
    flat, _ = await flat_page(running, "1-1-101")
    await post(running, "/roster/revoke", {"flat": str(flat), "why": roster.STOLEN})
    assert (await post(running, "/roster/undo", {"flat": str(flat)}))[0] == 422
    why = await running.store.read(lambda db: db.get_one(Member, 1).revoked_for)
    assert why == roster.STOLEN
    for wrong in ({"flat": "999"}, {"flat": "x"}, {"flat": str(flat), "why": "whim"}):
        assert (await post(running, "/roster/revoke", wrong))[0] in {400, 404}


async def test_a_flat_added_by_mistake_goes_and_an_enrolled_one_stays(running: Running) -> None:
    await post(running, "/roster/import", {"flats": HEAD + "7,1,101", "sure": "1"})
    flat, _ = await flat_page(running, "7-1-101")
    await post(running, "/roster/codes", {"flat": str(flat)})
    assert (await post(running, "/roster/remove", {"flat": str(flat)}))[0] == 200
    assert "7-1-101" not in await names(running)
    assert await running.store.read(lambda db: db.get(Building, "7") is None)
    await enrol(running, ["1-1-101"])
    flat, _ = await flat_page(running, "1-1-101")
    assert (await post(running, "/roster/remove", {"flat": str(flat)}))[0] == 422
    assert "1-1-101" in await names(running)
