"""What a demo keeps between its starts."""

from __future__ import annotations

import socket
from pathlib import Path

from hub.demo.consent import UNPAIRED
from hub.demo.neighbours import flats
from hub.demo.plan import HOME_FLAT, NAMES, Plan
from hub.demo.scenes import DEVICES, SCENES
from integrations.mqtt.simulator.models import HOME


def test_a_later_start_finds_its_ports(tmp_path: Path) -> None:
    plan = Plan(tmp_path)
    plan.choose_ports(usual=False)
    plan.slot_s, plan.ask_s, plan.homes, plan.seeded = 1.0, 5.0, 30, True
    plan.save()
    again = Plan(tmp_path)
    assert again.ports == plan.ports
    assert (again.slot_s, again.ask_s, again.homes, again.seeded) == (1.0, 5.0, 30, True)
    assert len(set(again.ports.values())) == len(NAMES)


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    plan = Plan(tmp_path)
    plan.choose_ports(usual=False)
    with socket.socket() as other:
        other.bind(("127.0.0.1", plan.ports["relay"]))
        other.listen()
        assert ("relay", plan.ports["relay"]) in plan.busy()


def test_what_a_cut_off_first_start_left_is_cleared(tmp_path: Path) -> None:
    plan = Plan(tmp_path)
    plan.save()
    for name in ("community", "home"):
        (plan.data(name) / "keys").mkdir(parents=True)
    plan.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["demo.json"]


def test_there_are_enough_neighbours_for_zones() -> None:
    assert len(flats()) == len(set(flats())) == 144
    assert "-".join(HOME_FLAT) in flats()


def test_scenes_play_devices_that_exist() -> None:
    simulated = {model.key: model for model in HOME}
    for scene in SCENES.values():
        assert scene.steps(UNPAIRED)
        if scene.key == "sos":
            continue  # a person's press on the home's own page
        assert scene.device in DEVICES
        if scene.order == "alarm":
            assert simulated[scene.device].alarm == DEVICES[scene.device].slot
    for key, device in DEVICES.items():
        assert device.slot in simulated[key].first
