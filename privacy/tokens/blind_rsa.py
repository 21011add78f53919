"""RSA blind signatures, the client's half (RFC 9474, RSABSSA with SHA-384).

The signer sees a number that says nothing about what it signs; the signature that comes out of
it is an ordinary RSASSA-PSS one (RFC 8017 section 8.1). Only the verification is a library's:
that is what a client's trust stands on, and every signature passes it before it is used.
"""

from __future__ import annotations

import hashlib
import math

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA384

from privacy.errors import PrivacyError

E = 65537
SALT_LENGTH = 48
_HASH = 48


class BlindError(PrivacyError):
    """A key, a message or a signature that is not what RFC 9474 asks for."""


class PublicKey:
    """An RSA public key and its salt length in bytes.

    Raises:
        BlindError: an exponent other than 65537, an even modulus or one of an odd size.
    """

    __slots__ = ("_verifier", "length", "n", "salt_length")

    def __init__(self, n: int, e: int = E, salt_length: int = SALT_LENGTH) -> None:
        if e != E or n % 2 == 0 or n < 1 << 2047 or n.bit_length() % 8:
            raise BlindError("this is not an RSA key for blind signatures")
        self.n = n
        self.length = n.bit_length() // 8
        self.salt_length = salt_length
        self._verifier = RSAPublicNumbers(e, n).public_key()

    def verify(self, message: bytes, signature: bytes) -> None:
        """Check a finished signature (RFC 9474 section 4.5).

        Raises:
            BlindError: it does not hold.
        """
        padding = PSS(MGF1(SHA384()), self.salt_length)
        try:
            self._verifier.verify(signature, message, padding, SHA384())
        except InvalidSignature:
            raise BlindError("the signature does not hold") from None


class Blinded:
    """What goes to the signer, ``request``, and what finishing its answer needs (secret)."""

    __slots__ = ("_inverse", "_key", "message", "request")

    def __init__(self, key: PublicKey, message: bytes, request: bytes, inverse: int) -> None:
        self._key = key
        self.message = message
        self.request = request
        self._inverse = inverse

    def finalize(self, answer: bytes) -> bytes:
        """The signature within the signer's answer (RFC 9474 section 4.4).

        Raises:
            BlindError: another length, or a signature that does not hold.
        """
        if len(answer) != self._key.length:
            raise BlindError("the signer's answer has another length")
        unblinded = int.from_bytes(answer, "big") * self._inverse % self._key.n
        signature = unblinded.to_bytes(self._key.length, "big")
        self._key.verify(self.message, signature)
        return signature


def blind(key: PublicKey, message: bytes, seed: bytes) -> Blinded:
    """Blind a message (RFC 9474 section 4.2) with randomness stretched from a secret seed.

    The same seed gives the same request, so that one whose answer was lost can be repeated.
    The message must hold at least 256 bits that the signer can't guess: a malicious key can
    probe for guessable ones (RFC 9474 section 7.3). It isn't prepared with a random prefix.

    Args:
        key: the signer's.
        message: what is to be signed.
        seed: 32 random bytes, for this message and key only.

    Raises:
        BlindError: the key has a small factor that only a broken or malicious one has.
    """
    # 128 bits more than the modulus has: what the remainder prefers is too little to be seen.
    stream = hashlib.shake_256(b"linli blind 1\0" + seed)
    stretched = stream.digest(key.salt_length + key.length + 16)
    r = int.from_bytes(stretched[key.salt_length :], "big") % (key.n - 1) + 1
    return blind_with(key, message, stretched[: key.salt_length], r)


def blind_with(key: PublicKey, message: bytes, salt: bytes, r: int) -> Blinded:
    """Blind with randomness given by the caller: for `blind` and for published vectors."""
    encoded = int.from_bytes(encode_pss(message, key.n.bit_length() - 1, salt), "big")
    if math.gcd(encoded, key.n) != 1 or math.gcd(r, key.n) != 1:
        raise BlindError("the key's modulus has a factor that it must not have")
    request = encoded * pow(r, E, key.n) % key.n
    return Blinded(key, message, request.to_bytes(key.length, "big"), pow(r, -1, key.n))


def encode_pss(message: bytes, bits: int, salt: bytes) -> bytes:
    """EMSA-PSS-ENCODE with SHA-384 and MGF1-SHA-384 (RFC 8017 section 9.1.1).

    Args:
        message: any bytes.
        bits: of the number that comes out at most: the modulus's less one.
        salt: the salt.
    """
    length = (bits + 7) // 8
    hashed = hashlib.sha384(bytes(8) + hashlib.sha384(message).digest() + salt).digest()
    block = (b"\x01" + salt).rjust(length - _HASH - 1, b"\0")
    mask = int.from_bytes(_mgf1(hashed, len(block)), "big")
    masked = (int.from_bytes(block, "big") ^ mask) & ((1 << (bits - 8 * (_HASH + 1))) - 1)
    return masked.to_bytes(len(block), "big") + hashed + b"\xbc"


def _mgf1(seed: bytes, length: int) -> bytes:
    """MGF1 (RFC 8017 appendix B.2.1)."""
    rounds = range((length + _HASH - 1) // _HASH)
    out = b"".join(hashlib.sha384(seed + n.to_bytes(4, "big")).digest() for n in rounds)
    return out[:length]
