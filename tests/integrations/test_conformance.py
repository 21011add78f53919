"""One test for every integration: what its manifest promises is what its folder holds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from hub.core.kinds import KINDS
from hub.plugins.entity_kinds import CLASSES
from hub.plugins.loader import BUILT_IN, load_class
from hub.plugins.manifest import Manifest, find_manifests
from tests.parsed import parsed

MANIFESTS = {manifest.domain: manifest for manifest in find_manifests(BUILT_IN)[0]}
EVERY = pytest.mark.parametrize("domain", sorted(MANIFESTS))
HAN = re.compile(r"[\u4e00-\u9fff]")


def shown_texts(manifest: Manifest) -> Iterator[str]:
    """What people may read: the form's words, and why a command failed."""
    for field in load_class(manifest).config_class().form():
        yield from (str(field[key]) for key in ("label", "help") if field[key])
    for path in manifest.folder.rglob("*.py"):
        for node in ast.walk(parsed(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "CommandProblem":
                (argument,) = node.args
                assert isinstance(argument, ast.Constant), f"{path}:{node.lineno} isn't one text"
                yield str(argument.value)


def test_there_are_integrations() -> None:
    assert "mqtt" in MANIFESTS
    folders = {path.name for path in BUILT_IN.iterdir() if (path / "__init__.py").exists()}
    assert folders == set(MANIFESTS)


@EVERY
def test_declared_kinds_exist(domain: str) -> None:
    assert MANIFESTS[domain].kinds <= CLASSES.keys() & KINDS.keys()


@EVERY
def test_every_shown_text_is_translated(domain: str) -> None:
    texts = MANIFESTS[domain].texts("zh_CN")
    wanted = set(shown_texts(MANIFESTS[domain]))
    assert wanted
    assert wanted - texts.keys() == set()
    assert all(HAN.search(text) for text in texts.values())


@EVERY
def test_each_has_a_readme_in_both_languages_and_a_simulator(domain: str) -> None:
    folder = MANIFESTS[domain].folder
    assert (folder / "README.md").exists()
    assert HAN.search((folder / "README.zh-CN.md").read_text("utf-8"))
    assert (folder / "simulator").is_dir()


@EVERY
def test_a_default_config_is_complete(domain: str) -> None:
    config = load_class(MANIFESTS[domain]).config_class()
    required = [field["name"] for field in config.form() if field["required"]]
    if not required:
        config.from_data({})


def test_every_kind_of_the_api_is_one_of_the_hubs_with_the_same_commands() -> None:
    for kind, entity in CLASSES.items():
        assert entity.commands <= KINDS[kind].commands.keys()
