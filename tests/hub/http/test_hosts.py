"""Host headers, local paths and addresses, in every spelling."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.http.hosts import BadHost, HostRule, is_loopback, split_host
from hub.http.paths import local_path, sign_in_path

SITE = "http://127.0.0.1:8100"
odd = st.text(alphabet="/\\.:@#?%&=;abc \t\r\n\x00\u3002\uff0f中", max_size=30)


@given(st.one_of(odd, st.text(max_size=40), odd.map(lambda tail: "/" + tail)))
def test_next_never_leaves_the_site(wanted: str) -> None:
    path = local_path(wanted)
    # As browsers do: backslashes are slashes, tabs and line ends vanish.
    seen = path.replace("\\", "/").translate({9: None, 10: None, 13: None}).strip()
    assert seen == path
    target = urlsplit(urljoin(SITE + "/sign-in", seen))
    assert (target.scheme, target.netloc) == ("http", "127.0.0.1:8100")
    assert path.isascii()
    assert local_path(path) == path


@given(st.text(alphabet="abcxyz019-_~!$&'()*+,;=:@?%/", max_size=30).map(lambda t: "/p" + t))
def test_plain_paths_pass_or_fall_back(wanted: str) -> None:
    assert local_path(wanted) in {wanted, "/"}


@pytest.mark.parametrize(
    "wanted", ["/", "/devices/switch.a?x=1&y=%E4%B8%AD", "/a/b-c_d~e/", "/people/:x@"]
)
def test_next_that_is_ours(wanted: str) -> None:
    assert local_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "",
        "x",
        "//x",
        "///x",
        "/\\x",
        "\\\\x",
        "/\t/x",
        "/a\nb",
        "http:x",
        "/a//b",
        "/./x",
        "/..//x",
        "/../..",
        "/%2fx/",
        "/a/%5C",
        "/#x",
        "/sign-in",
        "/sign-in?next=/",
        "/link/abc",
        "/api/v1/states",
        "/" + "a" * 2000,
        "/中",
        " /a",
        "/a b",
    ],
)
def test_next_that_is_not_ours(wanted: str | None) -> None:
    assert local_path(wanted) == "/"


def test_sign_in_path() -> None:
    assert sign_in_path(None) == "/sign-in"
    assert sign_in_path("/a?b=c&d") == "/sign-in?next=/a%3Fb%3Dc%26d"


@given(st.text(max_size=60))
def test_any_host_is_parsed_or_refused(header: str) -> None:
    try:
        name, port = split_host(header)
    except BadHost:
        return
    assert name == name.lower()
    assert name.isascii()
    assert port is None or 0 <= port <= 65535
    again = f"[{name}]" if ":" in name else name
    assert split_host(again) == (name, None)


@given(st.ip_addresses(), st.integers(0, 65535))
def test_addresses_are_hosts(address: object, port: int) -> None:
    text = f"[{address}]" if ":" in str(address) else str(address)
    assert split_host(f"{text}:{port}") == (str(address), port)


@pytest.mark.parametrize(
    "header",
    [
        "",
        ":80",
        "a:",
        "a:b",
        "a:123456",
        "a:65536",
        "a b",
        "a@b",
        "a/b",
        "[::1",
        "[::1]x",
        "[1.2.3.4]",
        "::1",
        "a..b",
        ".a",
        "-a",
        "a-",
        "x" * 254,
        "ａ",
        "a\x00",
        "a:８０",
        "[fe80::1%eth0]",
        "a,b",
    ],
)
def test_what_is_no_host(header: str) -> None:
    with pytest.raises(BadHost):
        split_host(header)
    assert not HostRule("127.0.0.1", [header] if header == "never" else []).accepts(header)


def test_the_rule() -> None:
    local = HostRule("127.0.0.1", ())
    assert all(
        local.accepts(h) for h in ("localhost", "127.0.0.1:1", "[::1]:80", "[0:0::1]", "LocalHost.")
    )
    assert not any(
        local.accepts(h) for h in (None, "hub.lan", "127.0.0.2", "localhost.evil.example")
    )
    named = HostRule("192.168.1.2", ("Hub.Lan", "192.168.1.2", "fe80::2"))
    assert all(named.accepts(h) for h in ("hub.lan:8100", "192.168.1.2", "[FE80::2]:1"))
    assert not any(named.accepts(h) for h in ("localhost", "127.0.0.1", "lan"))
    assert HostRule("0.0.0.0", ("hub.lan",)).accepts("localhost")  # noqa: S104 - parsed, never bound


def test_what_it_remembers_is_bounded() -> None:
    rule = HostRule("127.0.0.1", ())
    for n in range(2000):
        assert rule.accepts(f"127.0.0.1:{n}")
        assert not rule.accepts(f"evil{n}.example")
    assert len(rule._known) <= 256


def test_loopback() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "localhost")))
    assert not any(map(is_loopback, (None, "", "10.0.0.1", "::", "evil", "::ffff:10.0.0.1")))
