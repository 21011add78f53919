"""A notice that tells of more ends the yeses given before it, at every door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.box import Box
from privacy.consent import TELL_CONTACT, Ledger
from privacy.grants import Grant, Grants, NotGranted
from privacy.vault import Household
from tests.privacy.contacts import Webhook, webhook
from tests.privacy.helpers import until
from tests.privacy.streaming import GAS, Community, Home
from tests.privacy.test_grants import ID, MESSAGE
from tests.privacy.test_purposes import a_table


@pytest.fixture
def contact() -> Iterator[Webhook]:
    with webhook() as made:
        yield made


async def test_under_a_widened_notice_only_dummies_leave(tmp_path: Path) -> None:
    """Property 8: a yes to a notice that told of less is none; what waits is dropped."""
    community = Community(tmp_path / "community")
    await community.start()
    folder = tmp_path / "home"
    before = Home(folder, table=a_table(False))
    before.ledger.give("tell_zone", "gas", "r1")
    assert before.ledger.allows("tell_zone", "gas")
    before.ledger.close()
    home = Home(folder, table=a_table(False, True))
    await home.pair(community)
    await home.egress.offer(GAS, "tell_zone")
    await until(lambda: not home.egress.status()["queue"])
    cells = community.cells
    await until(lambda: community.cells >= cells + 4)
    assert not community.arrived
    assert [line["kind"] for line in await home.sent()] == ["dropped"]
    await home.stop()
    await community.stop()


async def test_a_widened_notice_stops_messages_until_the_contact_is_saved_again(
    tmp_path: Path, contact: Webhook
) -> None:
    grant = Grant(ID, contact.address)
    (tmp_path / "keys").mkdir()
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    household, _code = Household.create(tmp_path / "keys", "passphrase", passphrase="four lamps")
    path, box = tmp_path / "egress.db", Box(b"\7" * 32)

    def opened(*widens: bool) -> Grants:
        ledger = Ledger(path, box, key, table=a_table(*widens, name=TELL_CONTACT))
        return Grants(path, household.letterbox, ledger)

    first = opened(False)
    first.give(grant, ["gas"], "r1")
    first.close()
    same = opened(False, False)
    assert same.granted(grant) == {"gas"}
    same.give(grant, ["gas"], "r1")
    same.close()
    widened = opened(False, False, True)
    assert widened.granted(grant) == frozenset()
    with pytest.raises(NotGranted):
        await widened.send(grant, "gas", MESSAGE)
    assert contact.requests == []
    widened.give(grant, ["gas"], "r1")
    assert await widened.send(grant, "gas", MESSAGE) == 200
    widened.close()
    later = opened(False, False, True, True)
    later.withdraw(ID, "r1")
    later.close()
    downgraded = Ledger(path, box, key, table=a_table(False, False, True, name=TELL_CONTACT))
    assert downgraded.given(TELL_CONTACT, lapsed=True) == [], "a no takes back what lapsed too"
    assert [line["notice"] for line in downgraded.lines()] == [1, 2, 3, 4]
    downgraded.close()
