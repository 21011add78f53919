"""The walls of the house, kept by machine. Each rule also meets a sample it must refuse."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import house
from tests.house import ROOT, Files

SLOW = {"sqlmodel", "sqlalchemy", "alembic", "pydantic", "amqtt", "typer", "rich", "babel"}
HEAVY = SLOW | {"aiohttp", "jinja2", "cryptography", "gmpy2", "paho", "orjson"}

# module -> what must not be loaded once it is imported; supervisors get by with the library
STARTS = {
    "hub.__main__": HEAVY,
    "hub.home.supervise": HEAVY,
    "community.supervise": HEAVY,
    "hub.safety.kernel": SLOW,
    "hub.home.runtime": SLOW,
    "privacy.relay": SLOW,
    "web.app": SLOW,
}


@pytest.fixture(scope="module")
def files() -> Files:
    return house.files_of_the_house()


@pytest.mark.parametrize(
    "rule",
    [
        house.wrong_arrows,
        house.too_long,
        house.silent_ignores,
        house.unfinished,
        house.without_docstring,
        house.foreign_places,
    ],
)
def test_the_house_keeps(rule: Callable[[Files], list[str]], files: Files) -> None:
    problems = rule(files)
    assert not problems, "\n".join(["", *problems])


def test_no_module_imports_in_a_circle(files: Files) -> None:
    assert house.circles(house.module_graph(files)) == []


@pytest.mark.parametrize("top", ["hub", "community", "web"])
def test_no_rooms_import_in_a_circle(top: str, files: Files) -> None:
    assert house.circles(house.room_graph(files, top)) == []


def test_the_linter_looks_for_the_rest() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert {"ASYNC", "S", "D", "ERA", "BLE", "T20"} <= set(settings["select"])


def loaded_by(module: str, folder: Path) -> set[str]:
    """The top names in sys.modules of a new process that imported `module`."""
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def exists(module: str) -> bool:
    return (ROOT / (module.replace(".", "/") + ".py")).is_file()


@pytest.mark.parametrize("module", [name for name in STARTS if exists(name)])
def test_nothing_slow_is_imported_at_start(module: str) -> None:
    assert loaded_by(module, ROOT) & STARTS[module] == set()


def test_a_slow_import_is_seen(tmp_path: Path) -> None:
    (tmp_path / "sluggish.py").write_text("import sqlmodel\n")
    assert {"sqlmodel", "sqlalchemy", "pydantic"} <= loaded_by("sluggish", tmp_path)


# ---- each rule can fail ------------------------------------------------------------------------

BAD_ARROWS = [
    ("privacy/vault.py", "import hub.core.store"),
    ("privacy/sub/deep.py", "from ...hub import core"),
    ("hub/core/bus.py", "from hub.history import journal"),
    ("hub/core/bus.py", "from ..safety import kernel"),
    ("hub/plugins/loader.py", "import hub.safety.client"),
    ("hub/safety/kernel.py", "from hub.http import server"),
    ("hub/home/runtime.py", "def f():\n    from web import app"),
    ("hub/http/server.py", "import community.core.store"),
    ("hub/http/server.py", "import importlib\nimportlib.import_module('integrations.mqtt')"),
    ("hub/__main__.py", "import web.app"),
    ("hub/demo/main.py", "from community import app"),
    ("hub/home/runtime.py", "from hub.demo import scenes"),
    ("integrations/mqtt/parser.py", "from hub.core.states import State"),
    ("integrations/mqtt/parser.py", "import hub"),
    ("integrations/mqtt/parser.py", "import privacy.vault"),
    ("integrations/mqtt/parser.py", "from integrations.modbus import wire"),
    ("integrations/mqtt/parser.py", "import hub.testing"),
    ("web/app.py", "import community"),
    ("web/design/look.py", "from web.safety import routes"),
    ("community/app.py", "import web.dashboard.routes"),
    ("community/gateway/server.py", "from community.incidents import models"),
    ("privacy/wire.py", "import tests.house"),
]

GOOD_ARROWS = [
    ("privacy/vault.py", "from . import wire\nfrom privacy import redact"),
    ("hub/core/store.py", "from privacy.vault import Box"),
    ("hub/__main__.py", "def f():\n    import web.app\n    import community.app"),
    ("hub/demo/main.py", "def f():\n    from integrations.mqtt import simulator"),
    ("integrations/mqtt/parser.py", "from hub.api import Integration\nfrom .wire import W"),
    ("web/app.py", "from hub.home import runtime\nfrom web.design import look"),
    ("community/app.py", "from community.gateway import server\nfrom web.design import look"),
    ("community/gateway/server.py", "from community.core import store"),
]


@pytest.mark.parametrize(("path", "text"), BAD_ARROWS)
def test_a_wrong_arrow_is_seen(path: str, text: str) -> None:
    assert house.wrong_arrows({path: text})


@pytest.mark.parametrize(("path", "text"), GOOD_ARROWS)
def test_a_right_arrow_passes(path: str, text: str) -> None:
    assert house.wrong_arrows({path: text}) == []


def test_a_circle_of_modules_is_seen() -> None:
    ring = {
        "hub/a.py": "from . import b",
        "hub/b.py": "from hub.c import thing",
        "hub/c.py": "import hub.a",
        "hub/__init__.py": "",
    }
    assert house.circles(house.module_graph(ring)) == ["hub.a -> hub.b -> hub.c -> hub.a"]


def test_lazy_and_typing_imports_make_no_circle() -> None:
    lazy = {"hub/a.py": "import hub.b", "hub/b.py": "def f():\n    import hub.a"}
    typing = {"hub/a.py": "import hub.b", "hub/b.py": "if TYPE_CHECKING:\n    import hub.a"}
    assert house.circles(house.module_graph(lazy)) == []
    assert house.circles(house.module_graph(typing)) == []


def test_a_circle_of_rooms_is_seen_where_modules_make_none() -> None:
    ring = {
        "hub/x/a.py": "import hub.y.a",
        "hub/y/b.py": "import hub.x.b",
        "hub/x/b.py": "",
        "hub/y/a.py": "",
    }
    assert house.circles(house.module_graph(ring)) == []
    assert house.circles(house.room_graph(ring, "hub")) == ["x -> y -> x"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("web/a.py", "x = 1\n" * 401),
        ("web/a.css", "a{}\n" * 401),
        ("web/a.js", "f()\n" * 401),
        ("web/t/a.html", "<p>\n" * 401),
        ("web/a.py", "def f():\n" + "    x = 1\n" * 60),
        ("web/a.py", "class A:\n    async def f(self):\n" + "        x = 1\n" * 60),
    ],
)
def test_what_is_too_long_is_seen(path: str, text: str) -> None:
    assert house.too_long({path: text})


def test_what_is_just_short_enough_passes() -> None:
    assert house.too_long({"web/a.py": "def f():\n" + "    x = 1\n" * 59}) == []
    assert house.too_long({"web/a.js": "f()\n" * 400, "web/a.svg": "x\n" * 900}) == []


SWITCH = "no" + "qa"
TYPE = "type: " + "ignore"


@pytest.mark.parametrize(
    "comment",
    [
        f"# {SWITCH}",
        f"# {SWITCH}: S101",
        f"# {SWITCH}: S101 because",
        f"# {SWITCH} it is fine here",
        f"# {TYPE}",
        f"# {TYPE}[arg-type]",
        f"# {TYPE}[arg-type]  # {SWITCH}: S101",
        "# pragma: no cover",
    ],
)
def test_an_ignore_without_rule_and_reason_is_seen(comment: str) -> None:
    assert house.silent_ignores({"hub/a.py": f"x = 1  {comment}\n"})


@pytest.mark.parametrize(
    "comment",
    [
        f"# {SWITCH}: S101, S102 - checked by the caller",
        f"# {TYPE}[arg-type]  # the stub is wrong",
        f"# {TYPE}[arg-type]  # {SWITCH}: S101  # the stub is wrong",
        "# pragma: no cover - runs on another platform",
        "# an ordinary remark",
    ],
)
def test_an_ignore_with_a_reason_passes(comment: str) -> None:
    assert house.silent_ignores({"hub/a.py": f"x = 1  {comment}\n"}) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("hub/a.py", "# TO" + "DO later"),
        ("docs/a.md", "FIX" + "ME"),
        ("hub/a.py", "raise NotImplemented" + "Error"),
        ("web/a.js", "f();\n  // g(1);\n"),
        ("web/a.css", "/* color: red; */\n"),
    ],
)
def test_unfinished_work_is_seen(path: str, text: str) -> None:
    assert house.unfinished({path: text})


def test_a_remark_in_a_script_passes() -> None:
    assert house.unfinished({"web/a.js": "// why this is so\n/* a remark */\nf();\n"}) == []


@pytest.mark.parametrize(
    "text",
    ["x = 1", '"""M."""\ndef f(): ...', '"""M."""\nclass A:\n    """A."""\n    def f(self): ...'],
)
def test_a_missing_docstring_is_seen(text: str) -> None:
    assert house.without_docstring({"hub/a.py": text})


@pytest.mark.parametrize("text", ["", '"""M."""\ndef _f(): ...\ndef g():\n    """G."""'])
def test_documented_or_private_passes(text: str) -> None:
    assert house.without_docstring({"hub/a.py": text}) == []


@pytest.mark.parametrize(
    "text",
    [
        "https://registry.npm" + "js.org/x",
        "index = https://py" + "pi.org/simple",
        "/ro" + "ot/x",
        "/wo" + "rk/main",
    ],
)
def test_a_foreign_place_is_seen(text: str) -> None:
    assert house.foreign_places({"docs/a.md": text})
