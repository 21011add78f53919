"""The wheel: everything a clone gets from set-up is inside; it installs and starts elsewhere."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from tests.house import ROOMS, ROOT
from tests.peers import free_port, wait_until

LEFT_OUT = shutil.ignore_patterns("node_modules", "__pycache__", "*.mo", "vendor.new")
SUFFIXES = {".py", ".html", ".css", ".js", ".svg", ".json", ".mako", ".ini"}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the rooms with a vendor folder, as set-up leaves it; building writes only here."""
    where = tmp_path_factory.mktemp("checkout")
    for room in (*ROOMS, "requirements"):
        shutil.copytree(ROOT / room, where / room, ignore=LEFT_OUT)
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, where)
    vendor = where / "web" / "static" / "vendor"
    if not vendor.exists():
        vendor.mkdir(parents=True)
        (vendor / "idiomorph.js").write_text("stand-in for a checkout without set-up\n")
    yield where
    shutil.rmtree(where, ignore_errors=True)


def build(checkout: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """`pip wheel .` with the locked hatchling of this environment, so without a network."""
    words = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    words += ["--disable-pip-version-check", "-w", str(out), "."]
    return subprocess.run(words, cwd=checkout, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    done = build(checkout, out)
    assert done.returncode == 0, done.stderr
    (found,) = out.glob("linli-*.whl")
    return found


def test_the_wheel_carries_every_file_of_the_rooms(checkout: Path, wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        path.relative_to(checkout).as_posix()
        for room in ROOMS
        for path in (checkout / room).rglob("*")
        if path.suffix in SUFFIXES and path.name not in {"package.json", "package-lock.json"}
    }
    assert wanted - inside == set()


def test_the_wheel_carries_vendor_files_catalogues_and_the_licence(
    checkout: Path, wheel: Path
) -> None:
    inside = zipfile.ZipFile(wheel).namelist()
    vendor = checkout / "web" / "static" / "vendor"
    assert {f"web/static/vendor/{path.name}" for path in vendor.iterdir()} <= set(inside)
    sources = {po.relative_to(checkout).as_posix() for po in checkout.glob("*/locale/*/*/*.po")}
    assert {name.removesuffix(".po") + ".mo" for name in sources} <= set(inside)
    assert not [name for name in inside if name.endswith(".po")]
    assert any(name.endswith("LICENSE") for name in inside)


def test_the_wheel_carries_no_tests_and_nothing_of_the_machine(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.startswith("linli-")} == set(ROOMS)
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if "node_modules" in name or name.endswith(".pyc")]


def test_without_vendor_files_the_build_says_what_to_do(checkout: Path, tmp_path: Path) -> None:
    vendor = checkout / "web" / "static" / "vendor"
    aside = vendor.rename(tmp_path / "vendor")
    try:
        done = build(checkout, tmp_path / "out")
    finally:
        shutil.move(aside, vendor)
    assert done.returncode != 0
    assert "Run `./run setup` in the checkout once" in done.stderr
    assert not list((tmp_path / "out").glob("*.whl"))


@pytest.fixture
def build_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build", ROOT / "requirements" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_catalogues_compile_beside_their_source(build_module: ModuleType, tmp_path: Path) -> None:
    for folder in ("hub", "integrations/mqtt"):
        messages = tmp_path / folder / "locale" / "zh_CN" / "LC_MESSAGES"
        messages.mkdir(parents=True)
        (messages / "room.po").write_text(
            'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
            'msgid "Gas"\nmsgstr "燃气"\n',
            encoding="utf-8",
        )
    written = build_module.compile_catalogues(tmp_path)
    assert [path.suffix for path in written] == [".mo", ".mo"]
    import gettext

    with written[0].open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("Gas") == "燃气"


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel in it; its dependencies are those of this environment."""
    where = tmp_path_factory.mktemp("installed") / "env"
    venv.create(where, with_pip=False, symlinks=True)
    words = [sys.executable, "-m", "pip", f"--python={where}", "install", "-q", "--no-deps"]
    done = subprocess.run(
        [*words, "--no-index", "--disable-pip-version-check", str(wheel)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return where


def packages_of_this_environment(installed: Path) -> None:
    """Let the new environment see our dependencies, but never our checkout."""
    (here,) = {Path(path) for path in sys.path if path.endswith("site-packages")}
    (there,) = installed.glob("lib/python*/site-packages")
    for entry in here.iterdir():
        ours = "linli" in entry.name or entry.name in ROOMS
        if not ours and not (there / entry.name).exists():
            (there / entry.name).symlink_to(entry)


def test_the_installed_wheel_starts_without_the_checkout(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(installed / "bin" / "linli"), "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "usage: linli COMMAND" in done.stdout
    code = "import hub, sys; print(hub.__file__)"
    python = str(installed / "bin" / "python")
    found = subprocess.run(
        [python, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert Path(found.stdout.strip()).is_relative_to(installed)


def healthy(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (HTTPError, URLError, ConnectionError, TimeoutError):
        return False


@pytest.mark.skipif(not (ROOT / "web/app.py").exists(), reason="no home to start yet")
def test_a_home_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    packages_of_this_environment(installed)
    port = free_port()
    words = [str(installed / "bin" / "linli"), "home", "--listen", f"127.0.0.1:{port}"]
    words += ["--broker-port", str(free_port())]
    env = {**os.environ, "LINLI_DATA": str(tmp_path / "data")}
    with (tmp_path / "log").open("wb") as log:
        home = subprocess.Popen(words, cwd=tmp_path, env=env, stderr=log)
    try:
        wait_until(lambda: home.poll() is not None or healthy(port), "a healthy home", 30)
        assert home.poll() is None, (tmp_path / "log").read_text()
    finally:
        home.send_signal(signal.SIGTERM)
        assert home.wait(10) in {0, -signal.SIGTERM}
