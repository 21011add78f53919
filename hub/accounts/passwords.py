"""Passwords: what is accepted, and Argon2id (RFC 9106) in a thread of its own."""

from __future__ import annotations

import asyncio
import os
import unicodedata

from cryptography.exceptions import InvalidKey, UnsupportedAlgorithm
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from hub.accounts.model import WeakPassword, name_key

MEMORY_KIB = 19456
ITERATIONS = 2
"""19 MiB and two passes: OWASP's least, 40 ms on a small machine. Higher figures only need
to be set here: a hash says its own, and is renewed at the next sign-in."""
SHORTEST = 8
LONGEST = 256
AT_ONCE = 2
_GUESSES = """
    12345678 123456789 1234567890 0123456789 87654321 88888888 66666666 00000000 11111111
    password password1 passw0rd qwertyui qwertyuiop asdfghjk 1q2w3e4r 1qaz2wsx abcd1234 abc12345
    a1234567 a12345678 woaini1314 5201314520 woaini520 iloveyou sunshine princess football
    letmein1 welcome1 admin123 administrator linlilinli 147258369 123123123 11223344"""
_FIRST_GUESSES = frozenset(_GUESSES.split())


def _bytes(password: str) -> bytes:
    """One password typed on two keyboards is one password (NIST SP 800-63B-4, NFKC)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace")


def check_password(password: str, name: str) -> None:
    """Accept a new password.

    Length and a list of first guesses, no rules about kinds of characters
    (NIST SP 800-63B-4 section 3.1.1.2).

    Raises:
        WeakPassword: it is too short, too long, the name itself or among the first guesses.
    """
    plain = unicodedata.normalize("NFKC", password)
    folded = plain.casefold()
    if not SHORTEST <= len(plain) <= LONGEST or len(set(plain)) < 3:
        raise WeakPassword("too short or too simple")
    if folded in _FIRST_GUESSES or folded == name_key(name):
        raise WeakPassword("too easy to guess")


def _hash(password: str) -> str:
    kdf = Argon2id(
        salt=os.urandom(16), length=32, iterations=ITERATIONS, lanes=1, memory_cost=MEMORY_KIB
    )
    return kdf.derive_phc_encoded(_bytes(password))


def _matches(password: str, phc: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(_bytes(password), phc)
    except (InvalidKey, UnsupportedAlgorithm, ValueError):
        return False
    return True


def is_outdated(phc: str) -> bool:
    """Tell whether a hash was made with other figures than today's."""
    return f"$m={MEMORY_KIB},t={ITERATIONS},p=1$" not in phc


class Hasher:
    """Hashes off the loop, at most two at a time: each takes a core and 19 MiB."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._nobodys = ""

    async def hash(self, password: str) -> str:
        """Return the PHC string of a password."""
        async with self._turn:
            return await asyncio.to_thread(_hash, password)

    async def matches(self, password: str, phc: str) -> bool:
        """Compare; without a hash it takes the same time and says no."""
        if len(password) > LONGEST:
            return False
        if not self._nobodys:
            self._nobodys = await self.hash(os.urandom(16).hex())
        async with self._turn:
            same = await asyncio.to_thread(_matches, password, phc or self._nobodys)
        return same and bool(phc)
