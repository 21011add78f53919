"""An issuer in this process, with a stock of keys that all tests of a run share."""

import base64
import functools

from privacy.gateway import GatewayKey
from privacy.tokens.epochs import EPOCH_S, Allotment
from privacy.tokens.provision import SEAL, unpack_ask
from privacy.tokens.purse import Purse, finished, requests
from privacy.tokens.ring import KeyName, KeyRing, name_is_over, names_in_force
from privacy.tokens.signer import SigningKey, sign_request
from privacy.tokens.token import REQUEST_LENGTH


@functools.cache
def key_of(name: KeyName) -> SigningKey:
    """A key for a class and number, made once."""
    return SigningKey.generate()


def ring_at(now: float) -> KeyRing:
    """The keys that the signer has at a moment: current, next, and last within its 49 hours."""
    names = {*names_in_force(now), *names_in_force(now - EPOCH_S)}
    return KeyRing({name: key_of(name).public for name in names if not name_is_over(name, now)})


def current_ring(now: float) -> KeyRing:
    """The keys of this moment alone: nothing ahead to fetch at a moment of its own."""
    return KeyRing({name: key_of(name).public for name in names_in_force(now)[::2]})


def sign(allotment: Allotment, number: int, data: bytes) -> bytes:
    """What the signer answers to an allotment's requests."""
    made = []
    for place, kind in enumerate(allotment.classes):
        key = key_of((kind, number))
        one = data[place * REQUEST_LENGTH : (place + 1) * REQUEST_LENGTH]
        made.append(sign_request(key, key.public, one))
    return b"".join(made)


def provide(purse: Purse, now: float) -> list[Allotment]:
    """Fetch everything that is wanted at ``now``; which allotments those were."""
    fetched = []
    while (wanted := purse.wanted(now)) is not None and wanted.at <= now:
        secret = purse.secret(wanted.allotment, wanted.number)
        assert secret is not None
        asked = requests(purse.ring, wanted, secret)
        data = b"".join(one.pending.request for one in asked)
        answer = sign(wanted.allotment, wanted.number, data)
        purse.fill(wanted.allotment, wanted.number, finished(asked, answer))
        fetched.append(wanted.allotment)
    return fetched


class Desk:
    """The portal's end of the tokens link: signs for whoever asks, and remembers what was asked."""

    def __init__(self, gateway: GatewayKey) -> None:
        self.gateway = gateway
        self.asked: list[bytes] = []
        self.status = 200
        self.sign = sign

    def take(self, request: object) -> tuple[int, bytes]:
        """The answer to a POST of `privacy.tokens.provision.TOKENS_PATH`."""

        opened = SEAL.open(request, self.gateway.private)
        self.asked.append(opened.body)
        if self.status != 200:
            return self.status, b"{}"
        signed = self.sign(*unpack_ask(opened.body))
        return 200, SEAL.answer(opened.reply, {"signed": base64.b64encode(signed).decode()})
