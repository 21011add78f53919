from __future__ import annotations

import os
import socket
import struct
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hub.safety.link import _same_user, decode


class Socket:
    def __init__(self, uid: int) -> None:
        self.uid = uid

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        assert (level, option, size) == (socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return struct.pack("3i", 1, self.uid, 1)


@pytest.mark.parametrize(("uid", "welcome"), [(os.getuid(), True), (0, True), (65534, False)])
def test_only_this_user_and_root_may_speak(uid: int, welcome: bool) -> None:
    writer = SimpleNamespace(get_extra_info=lambda _name: Socket(uid))
    assert _same_user(cast(Any, writer)) is welcome


@pytest.mark.parametrize("line", [b"", b"\n", b"[1]", b"{", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_only_objects_are_messages(line: bytes) -> None:
    assert decode(line) is None
