"""Manifests are data: strict, complete, and read without running anything."""

import json
from pathlib import Path
from typing import Any

import pytest

from hub.plugins import schema
from hub.plugins.loader import BUILT_IN
from hub.plugins.manifest import ManifestProblem, find_manifests, read_manifest

GOOD: dict[str, Any] = {
    "manifest_version": 1,
    "domain": "lamp",
    "version": "1.0.0",
    "name": {"en": "Lamp", "zh_CN": "灯"},
    "description": {"en": "A lamp.", "zh_CN": "一盏灯。"},
    "class": "lamp:Lamp",
    "kinds": ["switch"],
    "connections": {"mqtt": {"subscribe": ["lamp/#"], "publish": ["lamp/+/set"]}},
    "personal_data": [],
}


def write(folder: Path, data: Any) -> Path:
    place = folder / "lamp"
    place.mkdir(exist_ok=True)
    content = data if isinstance(data, bytes) else json.dumps(data).encode()
    (place / "manifest.json").write_bytes(content)
    return place


def test_a_good_manifest(tmp_path: Path) -> None:
    manifest = read_manifest(write(tmp_path, GOOD))
    assert (manifest.module, manifest.class_name) == ("lamp", "Lamp")
    assert manifest.kinds == {"switch"}
    assert manifest.connections["mqtt"]["publish"] == ["lamp/+/set"]


def test_how_its_devices_are_found(tmp_path: Path) -> None:
    fills = {"host": "host", "serial": "txt.sn"}
    found = {
        "lan": [{"service": "_lamp._tcp.local.", "fills": fills}],
        "retained": ["lamp/+/hello"],
    }
    manifest = read_manifest(write(tmp_path, GOOD | {"discovery": found}))
    assert manifest.discovery == (("_lamp._tcp.local.", fills),)
    assert manifest.retained == ("lamp/+/hello",)
    nothing = read_manifest(write(tmp_path, GOOD))
    assert (nothing.discovery, nothing.retained) == ((), ())


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"domain": "Lamp"}, "manifest.domain"),
        ({"domain": "other"}, "folder"),
        ({"class": "os.system"}, "manifest.class"),
        ({"class": "../evil:Lamp"}, "manifest.class"),
        ({"kinds": []}, "manifest.kinds"),
        ({"kinds": ["switch", "switch"]}, "repeat"),
        ({"kinds": "switch"}, "type array"),
        ({"name": {"en": "Lamp"}}, "zh_CN"),
        ({"connections": {"internet": {}}}, "internet"),
        ({"connections": {"mqtt": {"subscribe": []}}}, "publish"),
        ({"manifest_version": 2}, "manifest_version"),
        ({"manifest_version": True}, "manifest_version"),
        ({"surprise": 1}, "surprise"),
        ({"personal_data": [{"data": "presence"}]}, "purpose"),
        ({"discovery": {"lan": [{"service": "http"}]}}, "lan[0].service"),
        ({"discovery": {"lan": [{"service": "_a._tcp.local.", "fills": {"host": "ip"}}]}}, "host"),
        ({"discovery": {"bluetooth": []}}, "bluetooth"),
    ],
)
def test_what_breaks_the_schema_is_named(tmp_path: Path, change: dict[str, Any], part: str) -> None:
    with pytest.raises(ManifestProblem) as refused:
        read_manifest(write(tmp_path, GOOD | change))
    assert part in str(refused.value)


@pytest.mark.parametrize("missing", list(GOOD))
def test_nothing_may_be_missing(tmp_path: Path, missing: str) -> None:
    data = {name: value for name, value in GOOD.items() if name != missing}
    with pytest.raises(ManifestProblem, match=missing):
        read_manifest(write(tmp_path, data))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"' + b"x" * 70_000 + b'"'])
def test_what_is_no_manifest(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ManifestProblem):
        read_manifest(write(tmp_path, content))


def test_a_wrong_manifest_hides_no_other(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{")
    found, wrong = find_manifests(tmp_path)
    assert [manifest.domain for manifest in found] == ["lamp"]
    assert [problem.folder.name for problem in wrong] == ["broken"]


def test_every_integration_of_ours_is_right_and_translated() -> None:
    found, wrong = find_manifests(BUILT_IN)
    assert wrong == []
    assert "mqtt" in [manifest.domain for manifest in found]
    for manifest in found:
        assert manifest.texts("zh_CN")
        assert manifest.texts("en") == {}


def test_a_schema_word_that_isnt_understood_is_refused() -> None:
    with pytest.raises(ValueError, match="oneOf"):
        schema.problems({}, {"oneOf": []})
