"""The household's own names, rooms and choices are on the disk and in the audit at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.core.commands import Actor
from hub.home.refusal import Refusal
from hub.home.runtime import Home

PROGRAM = Actor("a1", "owner", "program", token="My script")


async def test_names_and_switching_off_stay(tmp_path: Path) -> None:
    home = Home(tmp_path, None)
    await home.start()
    await home.setup(
        name="Demo owner", password="a long demo passphrase", unlock={"mode": "machine"}
    )
    device = home.registry.announce_device("mqtt", ("demo",), name="0x00158d", area="Hall")
    entity = home.registry.announce("mqtt", "valve", "v1", device_id=device.id)
    choices = home.inventory
    await choices.rename_device(device.id, PROGRAM, " Gas  valve ", "Kitchen")
    await choices.choose(entity.entity_id, PROGRAM, enabled=False)
    for name, area in (("", "Kitchen"), ("Gas valve", "x" * 65)):
        with pytest.raises(Refusal):
            await choices.rename_device(device.id, PROGRAM, name, area)
    lines = await home.audit.lines()
    assert [(line.action, line.detail) for line in lines] == [
        ("rename device", {"token": "My script"}),
        ("describe", {"token": "My script"}),
    ]
    home.store.close()  # as if it were killed

    again = Home(tmp_path, None)
    await again.start()
    assert [(one.name, one.area) for one in again.registry.devices()] == [("Gas valve", "Kitchen")]
    assert [one.enabled for one in again.registry.entities()] == [False]
    await again.stop()
    await home.sharing.stop()
