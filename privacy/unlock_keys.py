"""What opens the household key from outside: passphrase, memory stick, printed sheet."""

from __future__ import annotations

import secrets
import unicodedata
from pathlib import Path

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from privacy import codes
from privacy.box import KEY_LENGTH, VaultError
from privacy.errors import PrivacyError
from privacy.files import read_bounded, write_atomic

MEDIA_FILE = "linli-household.key"
MIN_PASSPHRASE = 8
_MEMORY_KIB = 64 * 1024
_RECOVERY = "linli recovery 1"
_MEDIA = "linli media 1"


def passphrase_key(passphrase: str, salt: bytes) -> bytes:
    """Argon2id (RFC 9106), 64 MiB, t = 3, p = 1, over the NFKC text; about 0.2 s."""
    typed = unicodedata.normalize("NFKC", passphrase).encode()
    kdf = Argon2id(salt=salt, length=KEY_LENGTH, iterations=3, lanes=1, memory_cost=_MEMORY_KIB)
    return kdf.derive(typed)


class RecoveryCode:
    """128 random bits on the printed sheet; they open the household key in every mode."""

    __slots__ = ("secret",)

    def __init__(self, secret: bytes) -> None:
        self.secret = secret

    @property
    def text(self) -> str:
        """Eight groups of five characters, each with its own check (see `privacy.codes`)."""
        return codes.encode(_RECOVERY, self.secret)

    @classmethod
    def parse(cls, text: str) -> RecoveryCode:
        """Read a typed code.

        Raises:
            codes.CodeError: a mistyped group, named.
        """
        secret = codes.decode(_RECOVERY, text)
        if len(secret) != 16:
            raise codes.CodeError("this is not a recovery code")
        return cls(secret)


def write_media(folder: Path) -> None:
    """Put a new key on the stick; a key that is there already is used again, never replaced.

    Raises:
        VaultError: the stick cannot be written.
    """
    path = folder / MEDIA_FILE
    try:
        if not path.exists():
            text = codes.encode(_MEDIA, secrets.token_bytes(KEY_LENGTH))
            write_atomic(path, text.encode())
    except OSError:
        raise VaultError("the memory stick cannot be written") from None


def read_media(folder: Path) -> bytes:
    """Read the stick's key.

    Raises:
        VaultError: no stick, or a damaged file.
    """
    try:
        return codes.decode(_MEDIA, read_bounded(folder / MEDIA_FILE, 1024).decode())
    except OSError:
        raise VaultError("no key found on the memory stick") from None
    except (PrivacyError, UnicodeDecodeError):
        raise VaultError("the key file on the memory stick is damaged") from None
