"""The audit's page: every act that the code writes down has words a manager can read."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from aiohttp import ClientSession

from community.core import audit
from community.incidents.rules import Move
from tests.catalogues import ROOT
from tests.community.conftest import Running
from tests.parsed import parsed

WRITERS = {"write", "act", "_act", "_put_in_force"}


def acts() -> Iterator[str]:
    """The acts that stand in the code as plain texts."""
    for path in (ROOT / "community").rglob("*.py"):
        for node in ast.walk(parsed(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            named = [word.value for word in node.keywords if word.arg == "act"]
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = named or (node.args[1:3] if name in WRITERS else [])
            for value in given:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value


def test_every_act_has_words() -> None:
    written = {act for act in acts() if act}
    assert {"duty hand-over", "zones freeze", "staff add", "enrol"} <= written
    assert sorted(written - set(audit.ACT_WORDS)) == []
    assert {f"incident {move}" for move in Move} <= set(audit.ACT_WORDS)


async def test_the_page_speaks_the_readers_language(running: Running) -> None:
    for lang, words in (("zh-CN", "上班"), ("en", "went on duty")):
        headers = await running.headers("manager") | {"Accept-Language": lang}
        async with ClientSession(running.address, headers=headers) as client:
            await client.post("/duty/start")
            async with client.get("/audit") as answer:
                page = await answer.text()
            assert f"<td>{words}</td>" in page
            assert "duty start" not in page
