"""What a home's log lines must not say is asked of the running home, so it is never out of date."""

from pathlib import Path

from hub.home.runtime import Home
from privacy.redact import MARK, Redactor


async def test_people_rooms_and_things(tmp_path: Path) -> None:
    home = Home(tmp_path, None)
    redactor = Redactor()
    redactor.watch(home.personal_names)
    home.adding.look_around.interfaces = ["127.0.0.1"]
    await home.start()
    try:
        said = "Ottoline moved Brackenhurst-7741 from Larkspur, which she calls Wintermoor"
        assert redactor.clean(said) == said
        await home.setup(name="Ottoline", password="a long demo phrase", unlock={"mode": "machine"})
        facts = {"name": "Wintermoor", "area": "Larkspur"}
        home.registry.announce_device("mqtt", ("Brackenhurst-7741",), **facts)
        cleaned = f"{MARK} moved {MARK} from {MARK}, which she calls {MARK}"
        assert redactor.clean(said) == cleaned
        await home.registry.kept()
    finally:
        await home.stop()
