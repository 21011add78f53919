"""What the household chose is there after `kill -9`, and whatever its source says then."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from hub.home.runtime import Home

PROGRAM = """
import asyncio, sys
from pathlib import Path
from hub.core.commands import Actor
from hub.home.runtime import Home

OWNER = Actor("lin", "owner")

async def main():
    home = Home(Path(sys.argv[1]), None)
    await home.start()
    await home.setup(name="Lin", password="a long demo passphrase", unlock={"mode": "machine"})
    registry, choices = home.registry, home.inventory
    for number in ("1", "2"):
        device = registry.announce_device("mqtt", (number,), name="Plug " + number, area="Hall")
        registry.announce("mqtt", "switch", number, name="", device_id=device.id,
                          suggested_id="plug " + number)
    await choices.make_area(OWNER, "书房")
    await choices.rename_area("Hall", OWNER, "门厅")
    await choices.order_areas(OWNER, ["书房", "门厅"])
    await choices.choose("switch.plug_1", OWNER, name="阅读灯", area="书房", hidden=True)
    await choices.choose("switch.plug_2", OWNER, enabled=False)
    await choices.make_group("switch", "都关", ["switch.plug_1", "switch.plug_2"], OWNER)
    one, two = registry.devices()
    await choices.replace(one.id, two.id, OWNER)
    (lin,) = await home.accounts.all()
    await home.favourites.keep(lin.id, ["switch.plug_1"])
    print("done", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_choices_outlive_a_kill(tmp_path: Path) -> None:
    words = (sys.executable, "-c", PROGRAM, str(tmp_path))
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == b"done\n"
        process.send_signal(signal.SIGKILL)
        await process.wait()

    home = Home(tmp_path, None)
    await home.start()
    registry = home.registry
    # Its source announces it anew, under another name and room.
    device = registry.announce_device("mqtt", ("2",), name="0x00158d", area="Attic")
    registry.announce("mqtt", "switch", "2", name="relay", device_id=device.id)
    reading, other = registry.get("switch.plug_1"), registry.get("switch.plug_2")
    assert reading is not None
    assert other is not None
    assert [one.name for one in home.areas] == ["书房", "门厅"]
    assert (reading.unique_id, reading.device_id) == ("2", device.id)
    assert (registry.name_of("switch.plug_1"), registry.area_of(reading)) == ("阅读灯", "书房")
    assert (reading.hidden, reading.enabled, other.enabled) == (True, True, False)
    assert (device.name, device.area) == ("Plug 1", "门厅")
    group = next(one for one in registry.entities() if one.members)
    assert group.members == ("switch.plug_1", "switch.plug_2")
    (lin,) = await home.accounts.all()
    assert home.favourites.of(lin.id) == ("switch.plug_1",)
    assert await home.audit.verify() == len(await home.audit.lines())
    await home.stop()
