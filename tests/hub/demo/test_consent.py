"""What the demo page promises of the duty screen follows the home's own ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.demo.consent import BROKEN, FLAT, NOBODY, SPENT, UNCHOSEN, UNPAIRED, ZONE, Consents
from hub.demo.scenes import SCENES
from hub.home.sharing import open_ledger
from privacy.consent import SOS_FLAT, TELL_ZONE, Ledger
from privacy.outbox import Outbox
from privacy.vault import MachineKey
from tests.hub.demo.conftest import Demo
from tests.hub.demo.test_page import until_text


class HomeFiles:
    """Ledger and outbox of a home, as its own program writes them."""

    def __init__(self, folder: Path) -> None:
        machine = MachineKey.load_or_create(folder / "keys")
        self.path = folder / "egress.db"
        self.ledger: Ledger = open_ledger(self.path, machine)
        self.outbox = Outbox(self.path, machine)

    def choose(self, klass: str, *, yes: bool) -> None:
        (self.ledger.give if yes else self.ledger.withdraw)(TELL_ZONE, klass, "someone")

    def close(self) -> None:
        self.ledger.close()
        self.outbox.close()


@pytest.fixture
def files(tmp_path: Path) -> Iterator[HomeFiles]:
    made = HomeFiles(tmp_path / "home")
    yield made
    made.close()


def test_each_reason_is_told_apart(tmp_path: Path, files: HomeFiles) -> None:
    consents = Consents(tmp_path / "home")

    def now() -> str:
        consents.look()
        return consents.told("gas")

    files.choose("gas", yes=True)
    assert now() == UNPAIRED
    files.outbox.put("pairing", b"{}")
    assert (now(), consents.told("smoke")) == (ZONE, UNCHOSEN)
    files.choose("gas", yes=False)
    assert consents.look()
    assert not consents.look(), "nothing new since"
    assert consents.told("gas") == NOBODY
    files.ledger.give(SOS_FLAT, "sos", "someone")
    assert (now(), consents.told("sos")) == (NOBODY, FLAT)
    files.choose("gas", yes=True)
    assert now() == ZONE
    files.outbox._db.execute("INSERT INTO issuer VALUES ('life', 1, x'00')")
    assert (now(), consents.told("smoke")) == (SPENT, UNCHOSEN)
    files.outbox._db.execute("DELETE FROM issuer")
    with sqlite3.connect(files.path) as database:
        database.execute("DELETE FROM consent WHERE seq = 2")
    assert now() == BROKEN
    files.outbox.forget()
    assert now() == UNPAIRED
    consents.close()


def test_a_home_that_is_not_there_is_left_alone(tmp_path: Path) -> None:
    consents = Consents(tmp_path / "home")
    assert not consents.look()
    assert consents.told("gas") == UNPAIRED
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("told", [ZONE, NOBODY, UNCHOSEN, UNPAIRED, BROKEN, SPENT])
def test_the_duty_screen_has_a_step_for_each_reason(told: str) -> None:
    for scene in SCENES.values():
        said = dict(scene.steps(told))
        assert ("Acknowledge it there" in said["guard"]) == (told == ZONE and bool(scene.klass))
        assert ("manager" in said) == (scene.key == "gas" and told in {ZONE, NOBODY, UNCHOSEN})


async def test_a_withdrawn_consent_changes_the_steps(demo: Demo) -> None:
    home = HomeFiles(demo.plan.data("home"))
    home.outbox.put("pairing", b"{}")
    home.choose("gas", yes=True)
    demo.simulate()
    await until_text(demo, "模拟设备正在启动", there=False)
    await demo.press("/scenes/gas/begin")
    await until_text(demo, "/scenes/gas/end")
    assert "报警按住户的选择送到这里" in await demo.text()
    home.choose("gas", yes=False)
    text = await demo.text("en")
    assert "the resident chose to tell nobody" in text
    assert "Acknowledge it there" not in text
    home.close()
