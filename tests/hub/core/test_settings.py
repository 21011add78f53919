import argparse
import os
import struct
from pathlib import Path

import pytest

from hub.core import language
from hub.core.settings import (
    Listen,
    SettingsProblem,
    add_listen_options,
    data_folder,
    is_loopback,
    join_address,
    listen_from,
    private_folder,
    split_address,
)

EVERYWHERE = "0.0.0.0"  # noqa: S104 - only parsed here


def listen(*words: str) -> Listen:
    parser = argparse.ArgumentParser()
    add_listen_options(parser, 8100)
    return listen_from(parser.parse_args(words), 8100)


def test_loopback_needs_nothing() -> None:
    found = listen()
    assert (found.host, found.port, found.loopback) == ("127.0.0.1", 8100, True)
    assert listen("--listen", "[::1]:99").host == "::1"
    assert listen("--listen", "localhost").port == 8100


@pytest.mark.parametrize("host", [EVERYWHERE, "192.168.1.5", "[::]", "home.example"])
def test_other_addresses_need_tls_and_names(host: str) -> None:
    tls = ("--tls-cert", "cert.pem", "--tls-key", "key.pem")
    with pytest.raises(SettingsProblem, match="--tls-cert"):
        listen("--listen", f"{host}:443")
    with pytest.raises(SettingsProblem, match="--tls-cert"):
        listen("--listen", f"{host}:443", "--tls-cert", "cert.pem", "--allowed-host", "x")
    with pytest.raises(SettingsProblem, match="--allowed-host"):
        listen("--listen", f"{host}:443", *tls)
    found = listen("--listen", f"{host}:443", *tls, "--allowed-host", "home.example")
    assert found.allowed_hosts == ("home.example",)
    assert listen(*found.words()).words() == found.words()


@pytest.mark.parametrize("text", ["", ":80", "host:x", "host:70000", "[::1]:x"])
def test_no_address(text: str) -> None:
    with pytest.raises(SettingsProblem):
        split_address(text, 1)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "a.example"])
def test_addresses_round_trip(host: str) -> None:
    assert split_address(join_address(host, 5), 1) == (host, 5)


def test_what_is_loopback() -> None:
    assert is_loopback("127.8.9.1")
    assert not is_loopback("localhost.example")
    assert not is_loopback(EVERYWHERE)


def test_data_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_DATA", str(tmp_path / "a"))
    assert data_folder("home") == tmp_path / "a" / "home"
    monkeypatch.delenv("LINLI_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "b"))
    assert data_folder("home") == tmp_path / "b" / "linli" / "home"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "c"))
    assert data_folder("relay") == tmp_path / "c" / ".local" / "share" / "linli" / "relay"
    made = private_folder(tmp_path / "d" / "e")
    assert made.stat().st_mode & 0o777 == 0o700


def test_catalogues_are_read_from_source_or_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language, "_ROOMS", tmp_path)
    language.translator.cache_clear()
    folder = tmp_path / "hub" / "locale" / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    (folder / "hub.po").write_text(f'{head}msgid "Gas"\nmsgstr "燃气"\n', encoding="utf-8")
    assert language.translator("hub", "zh_CN").gettext("Gas") == "燃气"
    assert language.translator("hub", "zh_CN").gettext("Unknown text") == "Unknown text"
    assert language.translator("hub", "en").gettext("Gas") == "Gas"
    assert language.translator("web", "zh_CN").gettext("Gas") == "Gas"
    assert language.translator("hub", "../../etc").gettext("Gas") == "Gas"
    (folder / "hub.mo").write_bytes(compiled("Gas", "煤气"))
    later = (folder / "hub.po").stat().st_mtime + 5
    os.utime(folder / "hub.mo", (later, later))
    language.translator.cache_clear()
    assert language.translator("hub", "zh_CN").gettext("Gas") == "煤气"
    language.translator.cache_clear()


def compiled(text: str, translation: str) -> bytes:
    """A .mo file of one message (GNU gettext manual, section 10.3)."""
    meta = b"Content-Type: text/plain; charset=UTF-8\n"
    originals, translations = [b"", text.encode()], [meta, translation.encode()]
    start = 28 + 16 * len(originals)
    tables, strings = b"", b""
    for group in (originals, translations):
        for one in group:
            tables += struct.pack("<II", len(one), start + len(strings))
            strings += one + b"\0"
    return struct.pack("<7I", 0x950412DE, 0, 2, 28, 44, 0, 60) + tables + strings
