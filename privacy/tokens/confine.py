"""Take from this process what it never needs: the network, other programs, other processes.

A seccomp filter (Linux, seccomp(2)) makes the kernel refuse a fixed list of calls from here on,
whatever code runs afterwards; files and sockets that are open already go on working. No right of
root is needed, and it can't be undone.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 4, 38, 22
_FILTER = 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000  # refused means EPERM
_NUMBER_AT, _ARCH_AT = 0, 4
_X32 = 0x40000000

# machine -> its number in the filter, and of: socket, socketpair, connect, execve, execveat,
# ptrace, process_vm_readv, io_uring_setup (which could open sockets past the filter)
_CALLS = {
    "x86_64": (0xC000003E, (41, 53, 42, 59, 322, 101, 310, 425)),
    "aarch64": (0xC00000B7, (198, 199, 203, 221, 281, 117, 270, 425)),
}


def confine() -> bool:
    """Give up network, exec and debugging for good; False where this system can't.

    Memory of this process also becomes unreadable to other programs of the same user.
    """
    known = _CALLS.get(os.uname().machine)
    if sys.platform != "linux" or known is None:
        return False
    rules = _program(*known)
    program = ctypes.create_string_buffer(rules, len(rules))
    head = struct.pack("@HP", len(rules) // 8, ctypes.addressof(program))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return not libc.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.create_string_buffer(head), 0, 0)


def _program(machine: int, calls: tuple[int, ...]) -> bytes:
    """The filter in classic BPF: another machine's calls kill, the listed ones are refused."""
    refuse = len(calls) + 1
    steps = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, refuse, 0, _X32),
    ]
    steps += [(_EQUAL, refuse - 1 - place, 0, call) for place, call in enumerate(calls)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
