"""What the demo can play: scenes, the steps to watch, and the simulated devices as they are.

Whether a scene runs is read from the devices themselves, so that a restarted page still knows.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

from hub.core.mqtt import MqttConnection, MqttSettings, MqttUnavailable
from hub.demo.consent import BROKEN, FLAT, NOBODY, SPENT, UNCHOSEN, UNPAIRED, ZONE

ROOT = "linli-demo"
STATES = f"{ROOT}/+/state"
AVAILABILITY = f"{ROOT}/+/availability"


def _(message: str) -> str:
    """Mark a message for extraction; the page translates it."""
    return message


class Device:
    """A simulated device as the page shows it; `slot` is the key of its state."""

    __slots__ = ("device_class", "icon", "key", "kind", "name", "slot")

    def __init__(
        self, key: str, name: str, kind: str, slot: str, *, icon: str, device_class: str = ""
    ) -> None:
        self.key = key
        self.name = name
        self.kind = kind
        self.slot = slot
        self.icon = icon
        self.device_class = device_class


class Step:
    """One thing to watch, and on which face of `hub.demo.page.FACES`.

    Args:
        text: what happens, or that by what `hub.demo.consent.Consents.told` says.
    """

    __slots__ = ("_text", "face")

    def __init__(self, face: str, text: str | Mapping[str, str]) -> None:
        self.face = face
        self._text = text

    def text(self, told: str) -> str:
        """What happens; "" where nothing does."""
        return self._text if isinstance(self._text, str) else self._text.get(told, "")


class Scene:
    """Something that can be started at a sensor: ``alarm`` or ``lost``; by a person without one.

    Args:
        klass: the class that the consent ledger knows it by, "" for what is never told.
    """

    __slots__ = ("_steps", "device", "icon", "key", "klass", "level", "order", "title")

    def __init__(
        self, key: str, device: str, order: str, *, icon: str, level: str, title: str, klass: str
    ) -> None:
        self.key = key
        self.klass = klass
        self.device = device
        self.order = order
        self.icon = icon
        self.level = level
        self.title = title
        self._steps: tuple[Step, ...] = ()

    def watch(self, *steps: Step) -> Scene:
        """Say what to look at once it has begun, in the order in which it happens."""
        self._steps = steps
        return self

    def steps(self, told: str) -> list[tuple[str, str]]:
        """(face, what happens there), given what the home may tell."""
        return [(step.face, step.text(told)) for step in self._steps if step.text(told)]


DEVICES = {
    device.key: device
    for device in (
        Device(
            "gas_sensor",
            _("Gas sensor"),
            "binary_sensor",
            "gas",
            icon="gas",
            device_class="gas",
        ),
        Device(
            "smoke_sensor",
            _("Smoke sensor"),
            "binary_sensor",
            "smoke",
            icon="smoke",
            device_class="smoke",
        ),
        Device(
            "co_sensor",
            _("Carbon monoxide sensor"),
            "binary_sensor",
            "carbon_monoxide",
            icon="carbon_monoxide",
            device_class="carbon_monoxide",
        ),
        Device(
            "leak_sensor",
            _("Leak sensor"),
            "binary_sensor",
            "leak",
            icon="leak",
            device_class="moisture",
        ),
        Device("gas_valve", _("Gas valve"), "valve", "state", icon="valve"),
        Device("water_valve", _("Water valve"), "switch", "state", icon="water"),
        Device("plug", _("Kettle's socket"), "switch", "state", icon="plug"),
        Device("siren", _("Siren"), "siren", "state", icon="siren"),
    )
}
_ASKED = _(
    "It asks whether to tell the duty desk and counts down %(seconds)s seconds. Answer, or wait."
)
_TOLD = {
    ZONE: _(
        "Without an answer the alarm arrives, with a zone of at least 20 homes and never the"
        " flat: so the resident chose. Acknowledge it there."
    ),
    NOBODY: _(
        "Without an answer nothing arrives: the resident chose to tell nobody. Only a yes at"
        " home sends the zone."
    ),
    UNCHOSEN: _(
        "Without an answer nothing arrives: the resident has not chosen yet. Only a yes at home"
        " sends the zone."
    ),
    UNPAIRED: _("Nothing arrives: this home is not paired with the community."),
    FLAT: _(
        "Ten seconds after the press the call arrives with the flat: so the resident chose. The"
        " home shows when somebody here has seen it."
    ),
    BROKEN: _("Nothing arrives: the home's ledger of choices does not hold, so it sends nothing."),
    SPENT: _(
        "Nothing arrives: the home has no one-time token for it. A home gets 24 a week and 8 in"
        " reserve; a demo made anew gets new ones."
    ),
}
_SENT_RISES = _("If it was sent, it rises to here after 60 seconds without an acknowledgement.")
_RISES = {
    ZONE: _("After 60 seconds without an acknowledgement it rises to here."),
    NOBODY: _SENT_RISES,
    UNCHOSEN: _SENT_RISES,
}
SCENES = {
    scene.key: scene
    for scene in (
        Scene(
            "gas",
            "gas_sensor",
            "alarm",
            icon="gas",
            level="1",
            title=_("Gas leak in the kitchen"),
            klass="gas",
        ).watch(
            Step("resident", _("The gas valve closes at once. Nothing electrical is switched.")),
            Step("resident", _ASKED),
            Step("guard", _TOLD),
            Step("manager", _RISES),
        ),
        Scene(
            "smoke",
            "smoke_sensor",
            "alarm",
            icon="smoke",
            level="1",
            title=_("Smoke in the living room"),
            klass="smoke",
        ).watch(
            Step(
                "resident",
                _("The siren sounds, the gas valve closes, the kettle's socket switches off."),
            ),
            Step("resident", _ASKED),
            Step("guard", _TOLD),
        ),
        Scene(
            "carbon_monoxide",
            "co_sensor",
            "alarm",
            icon="carbon_monoxide",
            level="1",
            title=_("Carbon monoxide in the bathroom"),
            klass="carbon_monoxide",
        ).watch(
            Step("resident", _("The gas valve closes and the siren sounds, to wake everyone.")),
            Step("resident", _ASKED),
            Step("guard", _TOLD),
        ),
        Scene(
            "leak",
            "leak_sensor",
            "alarm",
            icon="leak",
            level="2",
            title=_("Water on the bathroom floor"),
            klass="flood",
        ).watch(
            Step("resident", _("The water valve closes and the kettle's socket switches off.")),
            Step("resident", _ASKED),
            Step("guard", _TOLD),
        ),
        Scene("sos", "", "", icon="sos", level="1", title=_("A call for help"), klass="sos").watch(
            Step("resident", _("Hold SOS for three seconds on any page: the siren sounds.")),
            Step("resident", _("For ten seconds the press can be taken back: end the call.")),
            Step("guard", _TOLD),
        ),
        Scene(
            "lost",
            "gas_sensor",
            "lost",
            icon="supervision",
            level="lost",
            title=_("The gas sensor falls silent"),
            klass="",
        ).watch(
            Step(
                "resident",
                _("The home says that nothing watches over the kitchen now; never “all well”."),
            ),
            Step("guard", _("Nothing arrives: a lost sensor is a matter of the home.")),
        ),
    )
}


class Stage:
    """The simulated devices, heard and ordered about over the home's broker.

    Args:
        settings: the broker.
        changed: called when something that the page shows has changed.
    """

    def __init__(self, settings: MqttSettings, changed: Callable[[], None]) -> None:
        self._mqtt = MqttConnection(settings)
        self._changed = changed
        self._values: dict[str, object] = {}
        self._there: dict[str, bool] = {}
        self._since: dict[str, float] = {}

    async def start(self) -> None:
        """Connect, and again whenever the connection is lost."""
        await self._mqtt.start()
        self._mqtt.subscribe(STATES, self._state)
        self._mqtt.subscribe(AVAILABILITY, self._availability)

    async def stop(self) -> None:
        """End the connection."""
        await self._mqtt.stop()

    async def play(self, scene: Scene, *, begin: bool) -> None:
        """Have a sensor begin or end its alarm, or its absence.

        Raises:
            MqttUnavailable: the devices can't be reached.
        """
        if not self.ready or not scene.device:
            raise MqttUnavailable("no simulated device is there")
        order = json.dumps({scene.order: begin})
        await self._mqtt.publish(f"sim/{scene.device}/set", order, qos=1)

    @property
    def ready(self) -> bool:
        """Whether the devices are there to play."""
        return any(self._there.values())

    def since(self, scene: Scene) -> float | None:
        """When a scene was first seen running, epoch seconds; None while it isn't."""
        return self._since.get(scene.key)

    def value(self, device: Device) -> object:
        """What a device last said, as `hub.core.kinds` has it; None before that."""
        said = self._values.get(device.key)
        return said == "ON" if device.kind in {"switch", "siren"} and said else said

    def there(self, device: Device) -> bool:
        """Whether a device is connected."""
        return self._there.get(device.key, False)

    def _state(self, topic: str, payload: bytes, _retained: bool) -> None:
        device = DEVICES.get(topic.split("/")[1])
        if device is None:
            return
        value = json.loads(payload).get(device.slot)
        if self._values.get(device.key) != value:
            self._values[device.key] = value
            self._look()

    def _availability(self, topic: str, payload: bytes, _retained: bool) -> None:
        key, there = topic.split("/")[1], payload == b"online"
        if key in DEVICES and self._there.get(key) != there:
            self._there[key] = there
            self._look()

    def _look(self) -> None:
        for scene in SCENES.values():
            if scene.order == "lost":
                runs = self.ready and self._there.get(scene.device) is False
            else:
                runs = self._values.get(scene.device) is True
            if not runs:
                self._since.pop(scene.key, None)
            else:
                self._since.setdefault(scene.key, time.time())
        self._changed()
