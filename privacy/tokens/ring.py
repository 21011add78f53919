"""The issuer's public keys that count now, as everyone is told them."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from privacy.tokens.epochs import allotment_of
from privacy.tokens.token import IssuerKey, TokenClass, TokenError, verify_token
from privacy.wire import Body, slot_start

KeyName = tuple[TokenClass, int]
"""A class, and the number of the epoch (of the term, for the reserve) that a key is for."""

MOST_KEYS = 32
"""More keys than are ever in force: last, current and next of each class."""


class KeyRing:
    """Keys by class and number. Its JSON form is the same for everyone."""

    __slots__ = ("_by_id", "keys")

    def __init__(self, keys: Mapping[KeyName, IssuerKey]) -> None:
        self.keys = dict(keys)
        self._by_id = {key.id: name for name, key in self.keys.items()}
        if len(self._by_id) != len(self.keys):
            raise TokenError("one key can't serve two classes or epochs")

    def to_json(self) -> list[dict[str, object]]:
        """The keys in a fixed order."""
        return [
            {"class": kind, "number": number, "key": base64.b64encode(key.spki).decode()}
            for (kind, number), key in sorted(self.keys.items())
        ]

    @classmethod
    def from_json(cls, data: object) -> KeyRing:
        """Read what `to_json` gives.

        Raises:
            TokenError: malformed, a key that is refused, or two for one class and number.
        """
        if not isinstance(data, list) or len(data) > MOST_KEYS:
            raise TokenError("the issuer's keys are no list, or too many")
        try:
            named = [
                (TokenClass(one["class"]), int(one["number"]), str(one["key"])) for one in data
            ]
            keys = {
                (kind, number): IssuerKey(base64.b64decode(key, validate=True))
                for kind, number, key in named
                if 0 <= number < 2**31
            }
        except (KeyError, ValueError, TypeError, OverflowError):
            raise TokenError("the issuer's keys are malformed") from None
        if len(keys) != len(named):
            raise TokenError("the issuer's keys are numbered wrongly")
        return cls(keys)

    def spend(self, body: Body, token: bytes, nonce: bytes, slot_s: float, now: float) -> None:
        """Check that an event's token counts for it: class, epoch of its slot, nonce, signature.

        A follow-up may lie in the period after its event's. That the token wasn't spent on
        another event is seen by its nonce, which is the event's only id.

        Args:
            body: what the event says.
            token: 354 bytes.
            nonce: SHA-256 of the event's one-time key.
            slot_s: the slot in seconds.
            now: Unix seconds; what is too old doesn't count.

        Raises:
            TokenError: it doesn't count.
        """
        name = self._by_id.get(token[66:98])
        if name is None:
            raise TokenError("the token's key is unknown")
        kind, number = name
        allotment = allotment_of(kind)
        period = allotment.number_at(slot_start(body.slot, slot_s))
        if kind not in classes_for(body.hazard.life_safety):
            raise TokenError("the token is of another class")
        if number != period and not (body.seq and number == period - 1):
            raise TokenError("the token is of another epoch")
        if allotment.over(number, now):
            raise TokenError("the token's epoch is over")
        if verify_token(self.keys[name], kind.digest, token) != nonce:
            raise TokenError("the token is of another event")


def classes_for(life_safety: bool) -> tuple[TokenClass, ...]:
    """The classes whose tokens an event may spend, the first first."""
    return (TokenClass.LIFE, TokenClass.RESERVE) if life_safety else (TokenClass.ROUTINE,)


def name_at(kind: TokenClass, moment: float) -> KeyName:
    """The name of the class's key that counts at ``moment``."""
    return kind, allotment_of(kind).number_at(moment)


def names_in_force(now: float) -> list[KeyName]:
    """The keys that must exist at ``now``: current and next of each class."""
    return [
        (kind, allotment_of(kind).number_at(now) + ahead) for kind in TokenClass for ahead in (0, 1)
    ]


def name_is_over(name: KeyName, now: float) -> bool:
    """Whether a key's time is over, its 49 hours of grace included."""
    return allotment_of(name[0]).over(name[1], now)
