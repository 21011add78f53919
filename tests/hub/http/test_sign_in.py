"""Signing in and out, links, one's own account."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from hub.accounts.throttle import BY_ACCOUNT
from hub.http import sign_in
from tests.hub.http.faces import PASSWORD, Face, face

RIGHT = {"name": "demo owner", "password": PASSWORD}


async def test_signing_in_and_out(home: Face) -> None:
    await home.browser("owner")
    browser = await home.browser()
    assert "'next': '/owners'" in (await browser.get("/sign-in?next=/owners"))[1]
    status, _, headers = await browser.post("/sign-in", {**RIGHT, "next": "/owners"})
    assert (status, headers["Location"]) == (303, "/owners")
    cookie = headers["Set-Cookie"]
    assert cookie.startswith(f"{browser.cookie}=")
    for mark in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert mark in cookie
    assert "Domain" not in cookie
    assert (await browser.get("/owners"))[0] == 200
    assert (await browser.get("/sign-in?next=/owners"))[2]["Location"] == "/owners"
    token = browser.token
    status, _, headers = await browser.post("/sign-out")
    assert (status, headers["Location"]) == (303, "/sign-in")
    assert browser.token == ""
    assert await home.accounts.session(token) is None


async def test_refusals_look_the_same(home: Face) -> None:
    await home.browser("owner")
    browser = await home.browser()
    wrong = await browser.post("/sign-in", {"name": "N", "password": "wrong password"})
    right_name = await browser.post("/sign-in", {**RIGHT, "password": "wrong password"})
    assert wrong[0] == right_name[0] == 403
    assert wrong[1].replace("'name': 'N'", "") == right_name[1].replace("'name': 'demo owner'", "")
    assert "wrong password" not in wrong[1] + right_name[1]
    for _ in range(BY_ACCOUNT.free):
        status, text, headers = await browser.post("/sign-in", {"name": "N", "password": "x"})
    assert (status, headers["Retry-After"]) == (429, "1")
    assert "too_many_attempts" in text


async def test_next_is_ours_only(home: Face) -> None:
    await home.browser("owner")
    for wanted in ("//evil.example", "https://evil.example/", "/\\evil.example", "javascript:x"):
        browser = await home.browser()
        status, _, headers = await browser.post("/sign-in", {**RIGHT, "next": wanted})
        assert (status, headers["Location"]) == (303, "/")


async def test_signing_in_again_ends_the_old_session(home: Face) -> None:
    browser = await home.browser("owner")
    old = browser.token
    assert (await browser.post("/sign-in", RIGHT))[0] == 303
    assert browser.token != old
    assert await home.accounts.session(old) is None


async def test_a_file_is_no_name(home: Face) -> None:
    browser = await home.browser()
    boundary = "x"
    body = '--x\r\nContent-Disposition: form-data; name="name"; filename="f"\r\n\r\nhi\r\n--x--\r\n'
    headers = {
        "Origin": browser.address,
        "Content-Type": f"multipart/form-data; boundary={boundary}",
    }
    async with browser.http.post("/sign-in", data=body.encode(), headers=headers) as answer:
        assert answer.status == 400


async def test_a_link_is_pressed_once(home: Face) -> None:
    await home.browser("owner")
    token = await home.accounts.new_link(home.ids["owner"])
    browser, other = await home.browser(), await home.browser()
    for _ in range(3):
        status, text, _ = await browser.get(f"/link/{token}")
        assert (status, "'usable': True, 'name': 'Demo owner'" in text) == (200, True)
    presses = await asyncio.gather(browser.post(f"/link/{token}"), other.post(f"/link/{token}"))
    assert sorted(status for status, _, _ in presses) == [303, 410]
    winner = browser if browser.token else other
    assert (await winner.get("/owners"))[0] == 200
    assert (await browser.get(f"/link/{token}"))[0] == 410
    assert (await browser.get("/link/unknown"))[0] == 410


async def test_links_work_on_this_machine_only(home: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    await home.browser("owner")
    token = await home.accounts.new_link(home.ids["owner"])
    browser = await home.browser()
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(sign_in, "is_loopback", lambda _: False)
        assert (await browser.get(f"/link/{token}"))[0] == 403
        assert (await browser.post(f"/link/{token}"))[0] == 403
    assert (await browser.post(f"/link/{token}"))[0] == 303


async def test_a_new_password(home: Face) -> None:
    browser, other = await home.browser("owner"), await home.browser("owner")
    fields = {"old": PASSWORD, "new": "battery staple", "again": "battery staple"}
    for change, error in (
        ({"again": "something else"}, "not_the_same"),
        ({"old": "wrong password"}, "sign_in_refused"),
        ({"new": "12345678", "again": "12345678"}, "weak_password"),
    ):
        status, text, _ = await browser.post("/account/password", {**fields, **change})
        assert (status, f"'error': '{error}'" in text) == (422, True)
    status, _, headers = await browser.post("/account/password", fields)
    assert (status, headers["Location"]) == (303, "/account?done=password")
    assert (await browser.get("/account?done=password"))[0] == 200
    assert (await other.get("/account"))[0] == 303


async def test_ending_sessions(home: Face) -> None:
    first, second, third = [await home.browser("owner") for _ in range(3)]
    session = await home.accounts.session(second.token)
    assert session is not None
    stranger = await home.browser("guest")
    assert (await stranger.post("/account/sessions", {"session": session.id}))[0] == 303
    assert (await second.get("/"))[0] == 200
    await first.post("/account/sessions", {"session": session.id})
    assert [(await b.get("/"))[0] for b in (first, second, third)] == [200, 303, 200]
    await first.post("/account/sessions")
    assert [(await b.get("/"))[0] for b in (first, third)] == [200, 303]


async def test_a_removed_person_is_out_at_once(home: Face) -> None:
    owner, guest = await home.browser("owner"), await home.browser("guest")
    assert (await guest.get("/"))[0] == 200
    assert (await owner.get("/"))[0] == 200
    await home.accounts.remove(home.ids["guest"])
    assert (await guest.get("/"))[0] == 303
    status, text, _ = await guest.get("/api/v1/thing")
    assert (status, json.loads(text)["code"]) == (401, "sign_in_needed")


async def test_nothing_secret_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    async with face(tmp_path) as home:
        browser = await home.browser("owner")
        link = await home.accounts.new_link(home.ids["owner"])
        await browser.post("/sign-in", RIGHT)
        await browser.get(f"/link/{link}")
        await browser.get("/broken")
        for secret in (browser.token, link, PASSWORD):
            assert secret not in caplog.text
