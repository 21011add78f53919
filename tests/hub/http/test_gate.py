"""What every request passes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from hub.accounts.model import csrf_of
from hub.core.settings import Listen
from hub.http import health
from hub.http.gate import SECURITY_HEADERS, language_of
from hub.http.hosts import OpenToOthers
from hub.http.routes import ANYONE, SIGNED_IN, Routes, permits
from tests.hub.http.faces import Face, csrf_in, face


async def test_pages_by_role(home: Face) -> None:
    nobody, guest, owner = [await home.browser(role) for role in (None, "guest", "owner")]
    status, _, headers = await nobody.get("/owners?x=1&y=%E4%B8%AD")
    assert status == 303
    assert headers["Location"] == "/sign-in?next=/owners%3Fx%3D1%26y%3D%25E4%25B8%25AD"
    assert (await guest.get("/owners"))[0] == 403
    assert (await owner.get("/owners"))[:2] == (200, "owners")
    status, text, _ = await guest.get("/")
    assert (status, text) == (200, "welcome Demo guest")


async def test_api_answers_problems(home: Face) -> None:
    nobody, guest = await home.browser(), await home.browser("guest")
    for browser, path, status, code in (
        (nobody, "/api/v1/thing", 401, "sign_in_needed"),
        (guest, "/api/v1/none", 404, "not_found"),
    ):
        answered, text, headers = await browser.get(path)
        assert answered == status
        assert headers["Content-Type"] == "application/problem+json"
        problem = json.loads(text)
        assert (problem["status"], problem["code"], problem["type"]) == (
            status,
            code,
            f"urn:linli:problem:{code}",
        )
    answered, text, _ = await guest.post("/api/v1/thing")
    assert (answered, json.loads(text)["code"]) == (403, "not_allowed")
    assert (await guest.get("/api/v1/thing"))[:2] == (200, '{"thing":1}')


async def test_pages_of_trouble(home: Face) -> None:
    nobody = await home.browser()
    status, text, _ = await nobody.get("/none")
    assert (status, "error.html" in text, "'code': 'not_found'" in text) == (404, True, True)
    status, text, headers = await nobody.post("/owners")
    assert (status, headers["Allow"]) == (405, "GET,HEAD")
    status, text, _ = await nobody.get("/broken")
    assert status == 500
    assert "SECRET" not in text
    assert (await nobody.get("/teapot"))[:2] == (418, "418 I'm a Teapot")
    status, _, headers = await nobody.get("/moved")
    assert (status, headers["Location"]) == (303, "/owners")


async def test_every_answer_is_dressed(home: Face) -> None:
    nobody, owner = await home.browser(), await home.browser("owner")
    for path in ("/", "/none", "/health", "/broken", "/moved", "/api/v1/thing", "/live?parts=no"):
        for browser in (nobody, owner):
            headers = (await browser.get(path))[2]
            for name, value in SECURITY_HEADERS:
                assert headers[name] == value, (path, name)
            assert headers["Cache-Control"] == "no-store"
    policy = dict(SECURITY_HEADERS)["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy


async def test_host_is_checked_before_anything(home: Face) -> None:
    owner = await home.browser("owner")
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost:80:80", "[::1", "127.1"):
        for path in ("/health", "/", "/static/x/design/a.css"):
            assert (await owner.get(path, headers={"Host": host}))[0] == 421
    for host in ("localhost", f"LOCALHOST:{home.server.port}", "[::1]:9", "localhost."):
        assert (await owner.get("/health", headers={"Host": host}))[0] == 200


async def test_changes_need_the_form_token(home: Face) -> None:
    owner = await home.browser("owner")
    other = await home.browser("resident")
    assert (await owner.post("/change"))[0] == 303
    for wrong in ("", "x" * 64, csrf_of(other.token), "中"):
        assert (await owner.post("/change", {"csrf": wrong}))[0] == 403
    header = {"X-CSRF-Token": csrf_of(owner.token)}
    assert (await owner.post("/change", {"csrf": "wrong"}, headers=header))[0] == 303
    assert (await owner.post("/api/v1/thing", headers=header))[0] == 201
    async with owner.http.post("/api/v1/thing", json={"csrf": csrf_of(owner.token)}) as answer:
        assert answer.status == 403


async def test_changes_need_our_own_origin(home: Face) -> None:
    owner, nobody = await home.browser("owner"), await home.browser()
    port = home.server.port
    elsewhere = (
        "null",
        "http://evil.example",
        f"http://127.0.0.1:{port + 1}",
        f"https://127.0.0.1:{port}",
    )
    for origin in (*elsewhere, f"http://localhost:{port}"):
        for browser in (owner, nobody):
            assert (await browser.post("/change", headers={"Origin": origin}))[0] == 403
    for site in ("cross-site", "same-site"):
        assert (await owner.post("/change", headers={"Sec-Fetch-Site": site}))[0] == 403
    assert (await owner.post("/change", headers={"Sec-Fetch-Site": "same-origin"}))[0] == 303
    async with nobody.http.post("/sign-in", data={"name": "a", "password": "b"}) as answer:
        assert answer.status == 403
        assert "origin_needed" in await answer.text()


async def test_sockets_need_our_own_origin(home: Face) -> None:
    owner = await home.browser("owner")
    status, text, _ = await owner.get(
        "/live?parts=number", headers={"Origin": "http://evil.example"}
    )
    assert (status, json.loads(text)["code"]) == (403, "other_origin")


async def test_sizes(home: Face) -> None:
    owner = await home.browser("owner")
    token = {"X-CSRF-Token": csrf_of(owner.token), "Origin": owner.address}

    async def chunked(size: int) -> AsyncIterator[bytes]:
        for _ in range(size // 1000):
            yield b"x" * 1000

    for path, size, status in (
        ("/api/v1/thing", 60_000, 201),
        ("/api/v1/thing", 70_000, 413),
        ("/upload", 190_000, 200),
        ("/upload", 210_000, 413),
    ):
        for data in (b"x" * size, chunked(size)):
            async with owner.http.post(path, data=data, headers=token) as answer:
                assert answer.status == status, (path, size)


async def test_forms_are_refused_in_place(home: Face) -> None:
    nobody, guest = await home.browser(), await home.browser("guest")
    script = {"X-Linli-Form": "1"}
    for browser, status in ((nobody, 401), (guest, 403)):
        answered, text, headers = await browser.post("/change", headers=script)
        assert answered == status
        assert headers["Content-Type"] == "application/problem+json"
        assert json.loads(text)["status"] == status


async def test_odd_cookies(home: Face) -> None:
    owner = await home.browser("owner")
    right = f"{owner.cookie}={owner.token}"
    for cookies, status in (
        (f'a=b; ;=;x; {right}; c="d"', 200),
        (f'{owner.cookie}="{owner.token}"', 200),
        (f"{owner.cookie}=; {right}", 303),
        (f"x{right}", 303),
        (f"{right}x", 303),
        (f"{owner.cookie}={'x' * 4000}", 303),
    ):
        async with ClientSession(owner.address) as client:
            sent = {"Cookie": cookies}
            async with client.get("/owners", headers=sent, allow_redirects=False) as answer:
                assert answer.status == status, cookies


async def test_health(home: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_TIMEOUT_S", 0.1)
    nobody = await home.browser()

    async def well() -> None:
        return None

    async def ill() -> str:
        return "disk is full"

    async def broken() -> None:
        raise RuntimeError("SECRET")

    async def asleep() -> None:
        await asyncio.Event().wait()

    home.health.add("store", well)
    assert json.loads((await nobody.get("/health"))[1]) == {
        "status": "ok",
        "checks": {"store": "ok"},
    }
    home.health.add("broker", ill)
    home.health.add("kernel", broken)
    home.health.add("relay", asleep)
    status, text, _ = await nobody.get("/health")
    assert status == 503
    assert json.loads(text) == {
        "status": "failing",
        "checks": {
            "store": "ok",
            "broker": "disk is full",
            "kernel": "failed",
            "relay": "no answer in time",
        },
    }


async def test_language_and_theme(home: Face) -> None:
    nobody, guest = await home.browser(), await home.browser("guest")
    assert "lang=zh_CN theme=auto" in (await nobody.get("/sign-in"))[1]
    english = {"Accept-Language": "fr, en-GB;q=0.8, zh;q=0.5"}
    assert "lang=en" in (await nobody.get("/sign-in", headers=english))[1]
    status, _, headers = await nobody.post("/language", {"lang": "en", "next": "//evil.example"})
    assert (status, headers["Location"]) == (303, "/")
    assert (await nobody.post("/theme", {"theme": "dark"}))[0] == 303
    assert "lang=en theme=dark" in (await nobody.get("/sign-in"))[1]
    assert (await nobody.post("/theme", {"theme": "pink"}))[0] == 400
    await guest.post("/language", {"lang": "en", "next": "/account?done=x"})
    fresh = await home.browser("guest")
    text = (await fresh.get("/account"))[1]
    assert "lang=en" in text
    assert csrf_in(text) == csrf_of(fresh.token)


def test_language_of() -> None:
    for accept, lang in (
        ("", "zh_CN"),
        ("zh-TW", "zh_CN"),
        ("en", "en"),
        ("de;q=0.9,en;q=0.1,zh;q=0.2", "zh_CN"),
        (";;q=,=;q=x,en-US", "en"),
    ):
        assert language_of(accept) == lang


def test_routes_say_who_may() -> None:
    routes = Routes()
    with pytest.raises(TypeError):
        routes.get("/x")  # type: ignore[call-arg]  # left out on purpose
    for wrong in (None, "owner", {"owner"}, frozenset(), frozenset({1}), True):
        with pytest.raises(TypeError):
            routes.post("/x", allow=wrong)  # type: ignore[arg-type]  # the wrong type on purpose
    with pytest.raises(TypeError):
        routes.get("/x", allow=ANYONE)(lambda _: None)  # type: ignore[arg-type,return-value]  # the wrong type on purpose
    with pytest.raises(ValueError, match="slash"):
        routes.get("x", allow=ANYONE)
    assert len(routes) == 0
    assert permits(ANYONE, None)
    assert not permits(SIGNED_IN, None)
    assert not permits(frozenset({"owner"}), "guest")


async def test_a_route_that_nobody_registered_is_closed(home: Face) -> None:
    """Even one that was slipped into the server library's own table."""

    async def slipped(request: web.Request) -> web.Response:
        return web.Response()

    home.app.router._frozen = False
    home.app.router.add_get("/slipped", slipped)
    owner = await home.browser("owner")
    assert (await owner.get("/slipped"))[0] == 403


async def test_two_faces_on_one_host_keep_apart(tmp_path: Path) -> None:
    async with face(tmp_path / "a", "home") as home, face(tmp_path / "b", "community") as other:
        here, there = await home.browser("owner"), await other.browser("owner")
        here.http.cookie_jar.update_cookies({there.cookie: there.token})
        assert here.cookie != there.cookie
        assert (await here.get("/owners"))[0] == 200
        there.http.cookie_jar.clear()
        there.http.cookie_jar.update_cookies({there.cookie: here.token})
        assert (await there.get("/owners"))[0] == 303


async def test_other_machines_need_tls_and_names(tmp_path: Path) -> None:
    for wrong in (
        Listen("0.0.0.0"),  # noqa: S104 - refused, never bound
        Listen("192.168.1.2", allowed_hosts=("hub.lan",)),
        Listen("::", tls_cert="c", tls_key="k"),
        Listen(""),
    ):
        with pytest.raises(OpenToOthers):
            async with face(tmp_path, listen=wrong):
                pass


async def test_stopping_is_quick_and_says_goodbye(tmp_path: Path) -> None:
    async with face(tmp_path) as home:
        owner = await home.browser("owner")
        sockets = [await owner.http.ws_connect("/live?parts=number") for _ in range(5)]
        start = time.monotonic()
        await home.server.stop()
        assert time.monotonic() - start < 2
        for socket in sockets:
            async for _ in socket:
                pass
            assert socket.close_code == 1001
