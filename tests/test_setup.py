"""`./run` as a newcomer meets it: a clone, Python, an almost empty environment, nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import ROOT
from tests.peers import wait_until

LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
TOOLS = ["env", "sh", "cat", "cksum", "tr", "date", "dirname", "mkdir", "rm", "id", "ls"]
PYTHON = Path(sys.executable).resolve()
CERTIFICATES = re.compile(r"CERT|CA_BUNDLE|CAINFO|^PIP_|^UV_|_proxy$|_PROXY$")


def environment(tmp: Path, *tools: str) -> dict[str, str]:
    """A PATH of nothing but these tools, an empty HOME, and the machine's way to the network."""
    bin_ = tmp / "bin"
    bin_.mkdir(exist_ok=True)
    for tool in tools:
        found = shutil.which(tool)
        assert found, tool
        (bin_ / tool).unlink(missing_ok=True)
        (bin_ / tool).symlink_to(found)
    (tmp / "home").mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if CERTIFICATES.search(name)}
    return {**kept, "PATH": str(bin_), "HOME": str(tmp / "home"), "PYTHONDONTWRITEBYTECODE": "1"}


def start(where: Path, env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(where / "run"), *words]
    return subprocess.run(command, cwd="/", env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_carries_hashes(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text().strip())
    entries = [entry for entry in entries if not entry.startswith("#")]
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9.\-]+(\[\w+\])?==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


def names(lock: str) -> set[str]:
    text = (ROOT / "requirements" / lock).read_text()
    return set(re.findall(r"^([a-z0-9.\-]+==[^\s;]+)", text, re.MULTILINE))


def test_tests_run_on_what_the_program_runs_on() -> None:
    assert names("runtime.lock") <= names("dev.lock")


def test_the_locks_hold_what_the_project_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["build-system"]["requires"]
    wanted += project["project"]["optional-dependencies"]["postgres"]
    locked = {name.partition("==")[0] for name in names("runtime.lock")}
    assert {re.split(r"[\[<>=;]", want)[0].strip() for want in wanted} <= locked


def test_the_front_end_lock_names_no_registry() -> None:
    packages = json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"]
    outside = {name: entry for name, entry in packages.items() if name}
    assert outside
    for name, entry in outside.items():
        assert entry["integrity"].startswith("sha512-"), name
        assert "resolved" not in entry, name


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_the_script_is_plain_shell(shell: str) -> None:
    if shutil.which(shell):
        subprocess.run([shell, "-n", str(ROOT / "run")], check=True)


@pytest.mark.parametrize("name", ["run", ".ci/run"])
def test_the_scripts_can_be_started(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)
    subprocess.run(["bash", "-n", str(ROOT / name)], check=True)


def test_an_old_python_is_refused_in_one_line(tmp_path: Path) -> None:
    shutil.copy(ROOT / "run", tmp_path)
    for folder in ("requirements", "web"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("node_modules")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = start(tmp_path, {**environment(tmp_path, *TOOLS), "LINLI_PYTHON": str(old)}, "doctor")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "linli: needs Python 3.11 or newer on PATH (or name one in LINLI_PYTHON)."
    ]


# ---- the real thing: needs the package indexes -------------------------------------------------


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of what git has, without anything that set-up makes."""
    where = tmp_path_factory.mktemp("newcomer")
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file():
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, where / name)
    yield where
    shutil.rmtree(where, ignore_errors=True)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("bare")
    env = environment(folder, *TOOLS)
    (folder / "bin" / "python3").symlink_to(PYTHON)
    return env


def no_leftovers(clone: Path, bare: dict[str, str]) -> None:
    assert list(Path(bare["HOME"]).iterdir()) == []
    assert not (clone / ".venv" / ".cache").exists()
    assert not (clone / ".venv" / ".linli" / "unfinished").exists()


@pytest.mark.parametrize("word", ["-h", "--help", "help"])
def test_help_sets_nothing_up(word: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "run", tmp_path / "run")
    done = start(tmp_path, {"PATH": os.environ["PATH"]}, word)
    assert done.returncode == 0
    assert "usage: ./run [COMMAND]" in done.stdout
    assert "set up first: ./run setup" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    set_up = start(ROOT, {"PATH": os.environ["PATH"]}, word)
    assert "usage: ./run COMMAND" in set_up.stdout
    assert "set up first" not in set_up.stdout


@pytest.mark.peers
@pytest.mark.timeout(600)
def test_an_interrupted_set_up_is_mended_by_the_next(clone: Path, bare: dict[str, str]) -> None:
    first = subprocess.Popen(
        [str(clone / "run"), "setup"], env=bare, stderr=subprocess.DEVNULL, start_new_session=True
    )
    unfinished = clone / ".venv" / ".linli" / "unfinished"
    wait_until(unfinished.exists, "packages to be half installed", 300)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()

    both = [
        subprocess.Popen(
            [str(clone / "run"), "bench", "--help"],
            env=bare,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=500) for process in both]
    for process, (out, progress) in zip(both, said, strict=True):
        assert process.returncode == 0, progress
        assert "usage: linli bench" in out
        assert "set-up step" not in out
    progress = "".join(error for _, error in said)
    assert progress.count("set-up complete") == 1, progress
    assert "no usable npm on this machine" in progress
    assert (clone / "web" / "static" / "vendor" / "idiomorph.js").exists()
    assert list((clone / "hub").glob("__pycache__/*.pyc"))
    no_leftovers(clone, bare)


@pytest.mark.peers
@pytest.mark.timeout(600)
def test_a_second_start_sets_nothing_up(clone: Path, bare: dict[str, str]) -> None:
    assert start(clone, bare, "setup").returncode == 0
    took = []
    for _ in range(3):
        began = time.perf_counter()
        done = start(clone, bare, "setup")
        took.append(time.perf_counter() - began)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert min(took) < 0.3
    no_leftovers(clone, bare)


@pytest.mark.peers
@pytest.mark.timeout(600)
def test_a_moved_checkout_finds_its_program_again(clone: Path, bare: dict[str, str]) -> None:
    assert start(clone, bare, "setup").returncode == 0
    moved = clone.with_name(clone.name + "-moved")
    clone.rename(moved)
    try:
        done = start(moved, bare, "bench", "--help")
        assert done.returncode == 0, done.stderr
        assert "usage: linli bench" in done.stdout
    finally:
        moved.rename(clone)


@pytest.mark.peers
@pytest.mark.timeout(600)
def test_an_environment_whose_python_went_away_is_made_anew(
    clone: Path, bare: dict[str, str]
) -> None:
    assert start(clone, bare, "setup").returncode == 0
    for python in (clone / ".venv" / "bin").glob("python*"):
        python.unlink()
        python.symlink_to("/nowhere/python3")
    done = start(clone, bare, "bench", "--help")
    assert done.returncode == 0, done.stderr
    assert "usage: linli bench" in done.stdout


@pytest.mark.peers
@pytest.mark.timeout(600)
def test_without_ensurepip_the_machines_pip_serves(
    clone: Path, bare: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "ensurepip.py").write_text("raise ImportError\n")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path} exec {PYTHON} "$@"\n')
    python.chmod(0o755)
    shutil.rmtree(clone / ".venv", ignore_errors=True)
    done = start(clone, {**bare, "LINLI_PYTHON": str(python)}, "bench", "--help")
    assert done.returncode == 0, done.stderr
    assert "usage: linli bench" in done.stdout
    no_leftovers(clone, bare)
