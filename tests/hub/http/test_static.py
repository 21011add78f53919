"""Static files."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.http.server import STATIC
from hub.http.static import FOREVER, StaticFiles
from tests.hub.http.faces import Face


async def test_files_are_kept_for_ever(home: Face) -> None:
    nobody = await home.browser()
    files = home.app[STATIC]
    for name, kind, content in (
        ("design/a.css", "text/css; charset=utf-8", "body{color:red}"),
        ("design/js/b.js", "text/javascript; charset=utf-8", "export const b = 1;"),
    ):
        status, text, headers = await nobody.get(files.url(name))
        assert (status, text, headers["Content-Type"]) == (200, content, kind)
        assert headers["Cache-Control"] == FOREVER
        assert headers["X-Content-Type-Options"] == "nosniff"
    old = files.url("design/a.css").replace(files.version, "0123456789abcdef")
    status, _, headers = await nobody.get(old)
    assert (status, headers["Cache-Control"]) == (200, "no-cache")
    with pytest.raises(KeyError):
        files.url("design/none.css")


@pytest.mark.parametrize(
    "name",
    [
        "none.css",
        "design/notes.py",
        "design/.hidden.css",
        "design/../home.db",
        "design/%2e%2e/home.db",
        "design//a.css",
        "missing/a.css",
        "design/",
        "../../etc/passwd",
        "/etc/passwd",
        "design/js",
    ],
)
async def test_nothing_else_is_served(home: Face, name: str) -> None:
    nobody = await home.browser()
    status, text, _ = await nobody.get(f"/static/{home.app[STATIC].version}/{name}")
    assert status == 404
    assert "secret" not in text


def test_the_address_follows_the_content(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a")
    first = StaticFiles({"x": tmp_path})
    assert StaticFiles({"x": tmp_path}).version == first.version
    (tmp_path / "a.css").write_text("b")
    assert StaticFiles({"x": tmp_path}).version != first.version
    assert StaticFiles({"y": tmp_path}).version != StaticFiles({"x": tmp_path}).version
    assert "x/a.css" in first
