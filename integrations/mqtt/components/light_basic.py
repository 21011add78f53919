"""The schema ``basic`` of lights (home-assistant.io, "MQTT light", "Default schema")."""

from __future__ import annotations

from typing import Any

from hub.api import ParseProblem
from integrations.mqtt import colors
from integrations.mqtt.colors import BYTE
from integrations.mqtt.feature import attribute, feature, word_into
from integrations.mqtt.fields import MAX_TEXT, Fields, number_of
from integrations.mqtt.lighting import LightSpec, Wish
from integrations.mqtt.spec import NOTHING, Input, Message, Read, Reading

# colour mode -> what its command template calls the numbers
_NAMES = {
    "hs": ("hue", "sat"),
    "rgb": ("red", "green", "blue"),
    "rgbw": ("red", "green", "blue", "white"),
    "rgbww": ("red", "green", "blue", "cold_white", "warm_white"),
    "xy": ("x", "y"),
}
_ORDER = ("color_temp", "hs", "rgb", "rgbw", "rgbww", "white", "xy")
_FEATURES = (*_ORDER, "brightness", "color_mode", "effect")


class BasicLightSpec(LightSpec):
    """A topic for each part: on and off, brightness, effect, and every way to say a colour."""

    template_key = "state_value_template"
    __slots__ = ("features", "order", "payload_off", "payload_on")

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.state_template = self.state_template or fields.template("value_template")
        self.payload_on = fields.text("payload_on", "ON")
        self.payload_off = fields.text("payload_off", "OFF")
        self.order = fields.text("on_command_type", "last")
        if self.order not in ("first", "last", "brightness"):
            raise ParseProblem("on_command_type must be first, last or brightness")
        self.features = {
            name: feature(fields, name, template="value_template") for name in _FEATURES
        }
        self.can_flash = self.can_transition = False
        plain = "brightness" if self._told("brightness") else "onoff"
        self.modes = tuple(mode for mode in _ORDER if self._told(mode)) or (plain,)
        if not self._told("effect"):
            self.effects = ()

    def _told(self, name: str) -> bool:
        return self.features[name].command_topic is not None

    def inputs(self) -> tuple[Input, ...]:
        """The state and each part that has a topic."""
        readers: dict[str, Read] = {
            "brightness": self._read_brightness,
            "color_mode": self._read_mode,
            "color_temp": self._read_warmth,
            "effect": word_into("effect", self.effects) if self.effects else _any_effect,
            **{mode: self._color_reader(mode) for mode in _NAMES},
        }
        found = list(super().inputs())
        for name, read in readers.items():
            found += self.features[name].inputs(read)
        return tuple(found)

    def read(self, text: str, before: Reading) -> Reading | None:
        """On, off or ``None``; an empty payload says nothing."""
        if not text:
            return None
        if text not in (self.payload_on, self.payload_off, NOTHING):
            raise ParseProblem("the state is neither the announced on nor off")
        return before.say(None if text == NOTHING else text == self.payload_on)

    def _read_brightness(self, text: str, before: Reading) -> Reading | None:
        told = self.brightness_of(number_of(text)) if text.strip() else None
        return None if told is None else before.keep(brightness=told)

    def _read_mode(self, text: str, before: Reading) -> Reading | None:
        return before.keep(color_mode=colors.mode_word(text)) if text else None

    def _read_warmth(self, text: str, before: Reading) -> Reading | None:
        if not text.strip():
            return None
        return self._own_mode(before, colors.with_temperature(before, self.kelvin_of(text)))

    def _color_reader(self, mode: str) -> Read:
        def read(text: str, before: Reading) -> Reading | None:
            if not text.strip():
                return None
            color = colors.checked(mode, [number_of(part) for part in text.split(",")])
            if mode.startswith("rgb") and self.features["brightness"].state_topic is None:
                color, brightness = colors.normal(color)
                if not brightness:
                    return None
                before = before.keep(brightness=brightness)
            return self._own_mode(before, colors.with_color(before, mode, color))

        return read

    def _own_mode(self, before: Reading, reading: Reading) -> Reading:
        """A colour says the mode itself unless a topic of its own does."""
        if self.features["color_mode"].state_topic is None:
            return reading
        return reading.keep(color_mode=attribute(before, "color_mode"))

    def messages(self, command: str, args: dict[str, Any], before: Reading) -> tuple[Message, ...]:
        """Each part's message, and the one for on before, after or instead of them."""
        wish = self.wish(args)
        topic = self.command_topic or ""
        if command == "turn_off":
            return (Message(topic, self.payload_off),)
        if self.order == "brightness" and wish.brightness is None and wish.white is None:
            told = attribute(before, "brightness")
            wish = wish._replace(brightness=told if isinstance(told, int) else BYTE)
        parts = (*self._color_messages(wish, before), *self._other_messages(wish))
        on = Message(topic, self.payload_on)
        if self.order == "first":
            return (on, *parts)
        if self.order == "last" or not parts:
            return (*parts, on)
        return parts

    def _color_messages(self, wish: Wish, before: Reading) -> tuple[Message, ...]:
        mode, color = wish.mode, wish.color
        dimmed = not self._told("brightness")
        if mode is None and dimmed and wish.brightness is not None:
            # Only its colour can make it brighter or darker, so the colour is sent again.
            mode = next((one for one in ("rgb", "rgbw", "rgbww") if self._told(one)), None)
            known = attribute(before, f"{mode}_color")
            white = (BYTE,) * len(_NAMES.get(mode or "", ()))
            color = tuple(known) if isinstance(known, list) else white
        if mode is None:
            return ()
        if dimmed and mode.startswith("rgb"):
            told = attribute(before, "brightness")
            level = wish.brightness or (told if isinstance(told, int) else BYTE)
            color = colors.scaled(color, level)
        text = ",".join(str(part) for part in color)
        names = dict(zip(_NAMES[mode], color, strict=True))
        return (self.features[mode].message(text, **names),)

    def _other_messages(self, wish: Wish) -> tuple[Message, ...]:
        found: list[tuple[str, object]] = []
        if wish.brightness is not None and self._told("brightness"):
            found.append(("brightness", self.device_brightness(wish.brightness)))
        if wish.kelvin is not None:
            found.append(("color_temp", self.device_warmth(wish.kelvin)))
        if wish.effect is not None:
            found.append(("effect", wish.effect))
        if wish.white is not None:
            found.append(("white", max(1, round(wish.white * self.white_scale / BYTE))))
        return tuple(self.features[name].message(str(value)) for name, value in found)


def _any_effect(text: str, before: Reading) -> Reading | None:
    if len(text) > MAX_TEXT:
        raise ParseProblem("the effect isn't a short text")
    return before.keep(effect=None if text == NOTHING else text) if text else None
