"""The issuer's half of RFC 9474: the private operation, for the signer process only.

`cryptography` has no raw RSA operation, so it is done here with gmpy2, and guarded three ways
(RFC 9474 section 7.1): the base is blinded afresh for every call, so that neither time nor power
tells the exponent from numbers somebody chose; both halves of the Chinese remainder are raised by
`gmpy2.powmod_sec`, whose steps don't depend on the exponent; and no result leaves that doesn't
verify, since one faulty half would give the key away (Boneh, DeMillo and Lipton, 1997). The
recombination is variable in time; what it works on is blinded.
"""

from __future__ import annotations

import math
import secrets

import gmpy2
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from privacy.errors import PrivacyError
from privacy.tokens.blind_rsa import E
from privacy.tokens.token import IssuerKey, TokenError, TokenRequest


class SignerError(PrivacyError):
    """Nothing was signed; the text says why, without any number of the key."""


class SigningKey:
    """An RSA key that signs blinded numbers and is used for nothing else.

    Its size is the caller's part: issuers' keys have 2,048 bits, the RFC's vectors 4,096.
    """

    __slots__ = ("_halves", "_inverse", "_n", "_p", "_q", "length", "numbers")

    def __init__(self, numbers: rsa.RSAPrivateNumbers) -> None:
        self.numbers = numbers
        self._n = gmpy2.mpz(numbers.public_numbers.n)
        self._p, self._q = gmpy2.mpz(numbers.p), gmpy2.mpz(numbers.q)
        self._halves = (gmpy2.mpz(numbers.dmp1), gmpy2.mpz(numbers.dmq1))
        self._inverse = gmpy2.mpz(numbers.iqmp)
        self.length = (numbers.public_numbers.n.bit_length() + 7) // 8

    @classmethod
    def generate(cls) -> SigningKey:
        """A fresh key of 2,048 bits. Takes up to a second."""
        return cls(rsa.generate_private_key(E, 2048).private_numbers())

    @classmethod
    def from_der(cls, data: bytes) -> SigningKey:
        """Read an issuer's key (PKCS #8, RFC 5958).

        Raises:
            SignerError: not an RSA key of 2,048 bits, or numbers that don't belong together.
        """
        try:
            key = load_der_private_key(data, None)
        except (ValueError, TypeError):
            raise SignerError("the signing key does not read") from None
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size != 2048:
            raise SignerError("the signing key is of another kind")
        return cls(key.private_numbers())

    def to_der(self) -> bytes:
        """The key as `from_der` reads it, not encrypted."""
        key = self.numbers.private_key()
        return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    @property
    def public(self) -> IssuerKey:
        """The public half.

        Raises:
            TokenError: not of an issuer's size.
        """
        return IssuerKey.of(self.numbers.public_numbers.n, self.numbers.public_numbers.e)

    def blind_sign(self, blinded: bytes) -> bytes:
        """Sign a blinded number (RFC 9474 section 4.3).

        Raises:
            SignerError: another length, a number that is no residue of the key, or a fault in
                the computation: then nothing of it may leave.
        """
        message = int.from_bytes(blinded, "big")
        if len(blinded) != self.length or message >= self._n:
            raise SignerError("this is not a blinded message for this key")
        r = self._unit()
        base = gmpy2.mpz(message) * gmpy2.powmod(r, E, self._n) % self._n
        signed = self._private(base) * gmpy2.invert(r, self._n) % self._n
        if gmpy2.powmod(signed, E, self._n) != message:
            raise SignerError("the signature did not verify and was thrown away")
        return int(signed).to_bytes(self.length, "big")

    def _private(self, base: gmpy2.mpz) -> gmpy2.mpz:
        """``base ** d mod n`` by halves (RFC 8017 section 5.1.2)."""
        p, q = self._p, self._q
        first = gmpy2.powmod_sec(base % p, self._halves[0], p)
        second = gmpy2.powmod_sec(base % q, self._halves[1], q)
        return second + q * ((first - second) * self._inverse % p)

    def _unit(self) -> gmpy2.mpz:
        """A uniformly random number that has an inverse."""
        while True:
            r = secrets.randbelow(int(self._n) - 1) + 1
            if math.gcd(r, int(self._n)) == 1:
                return gmpy2.mpz(r)


def sign_request(key: SigningKey, public: IssuerKey, data: bytes) -> bytes:
    """Answer one token request of 259 bytes with 256 (RFC 9578 section 6.2).

    Raises:
        TokenError: malformed, or meant for another key.
        SignerError: nothing was signed.
    """
    request = TokenRequest.unpack(data)
    if request.short_id != public.id[-1]:
        raise TokenError("the token request is for another key")
    return key.blind_sign(request.blinded)
