"""The schema ``json`` of lights (home-assistant.io, "MQTT light", "JSON schema")."""

from __future__ import annotations

from typing import Any

import orjson

from hub.api import ParseProblem
from integrations.mqtt import colors
from integrations.mqtt.colors import BYTE
from integrations.mqtt.fields import MAX_TEXT, Fields
from integrations.mqtt.lighting import LightSpec, Wish
from integrations.mqtt.spec import Input, Reading

_STATES = {"ON": True, "OFF": False, None: None}
# colour mode -> the keys of its numbers
_KEYS = {"hs": "hs", "rgb": "rgb", "rgbw": "rgbw", "rgbww": "rgbcw", "xy": "xy"}


class JsonLightSpec(LightSpec):
    """One topic for all that it says and one for all that it is told, both JSON."""

    __slots__ = ("flash_long", "flash_short", "own_brightness")

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.own_brightness = fields.boolean("brightness", False)
        self.modes = tuple(
            colors.mode_word(mode) for mode in fields.texts("supported_color_modes")
        ) or (("brightness",) if self.own_brightness else ("onoff",))
        if not fields.boolean("effect", False):
            self.effects = ()
        self.can_flash = fields.boolean("flash", True)
        self.can_transition = fields.boolean("transition", True)
        self.flash_short = fields.exact("flash_time_short", 2)
        self.flash_long = fields.exact("flash_time_long", 10)

    def inputs(self) -> tuple[Input, ...]:
        """The state twice: a colour that can't be read leaves on and off readable."""
        return tuple(
            one
            for input_ in super().inputs()
            for one in (input_, input_._replace(read=self._read_color))
        )

    def read(self, text: str, before: Reading) -> Reading | None:
        """JSON with ``state`` and perhaps ``brightness`` and ``effect``."""
        if not text:
            return None
        data = _load(text)
        value = before.value
        if "state" in data:
            state = data["state"]
            if not isinstance(state, str | None) or state not in _STATES:
                raise ParseProblem("the state is neither ON nor OFF")
            value = _STATES[state]
        reading = before.say(value)
        if self.lit() and data.get("brightness") is not None:
            brightness = data["brightness"]
            if isinstance(brightness, bool) or not isinstance(brightness, int | float):
                raise ParseProblem("the brightness isn't a number")
            told = self.brightness_of(brightness)
            reading = reading if told is None else reading.keep(brightness=told)
        if self.effects and "effect" in data:
            effect = data["effect"]
            if not isinstance(effect, str | None) or len(effect or "") > MAX_TEXT:
                raise ParseProblem("the effect isn't a short text")
            reading = reading.keep(effect=effect)
        return reading

    def _read_color(self, text: str, before: Reading) -> Reading | None:
        """The part of the JSON that ``color_mode`` says, or the only one that the light has."""
        if not text:
            return None
        data = _load(text)
        mode = data.get("color_mode", self.modes[0] if len(self.modes) == 1 else None)
        if mode is None:
            return None
        if mode not in self.modes:
            raise ParseProblem("the colour mode is none of the announced ones")
        if mode == "color_temp":
            warmth = data.get(mode)
            if warmth is None:
                return None
            if isinstance(warmth, bool) or not isinstance(warmth, int | float):
                raise ParseProblem("the colour temperature isn't a number")
            return colors.with_temperature(before, self.kelvin_of(str(warmth)))
        if mode not in _KEYS:
            return before.keep(color_mode=mode)
        color = data.get("color")
        if color is None:
            return None
        if not isinstance(color, dict):
            raise ParseProblem("the colour isn't a JSON object")
        numbers = [color.get(key) for key in _KEYS[mode]]
        return colors.with_color(before, mode, colors.checked(mode, numbers))

    def payload(self, command: str, args: dict[str, Any]) -> str:
        """JSON with the state and all that was asked for."""
        wish = self.wish(args)
        message: dict[str, Any] = {"state": "ON" if command == "turn_on" else "OFF"}
        if command == "turn_on":
            message |= self._lit_as(wish)
        if wish.flash is not None:
            message["flash"] = self.flash_long if wish.flash == "long" else self.flash_short
        if wish.transition is not None:
            message["transition"] = wish.transition
        return orjson.dumps(message).decode()

    def _lit_as(self, wish: Wish) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if wish.mode is not None:
            color = wish.color
            if not self.own_brightness and wish.mode.startswith("rgb"):
                color = colors.scaled(color, wish.brightness or BYTE)
            found["color"] = dict(zip(_KEYS[wish.mode], color, strict=True))
        if wish.brightness is not None:
            found["brightness"] = self.device_brightness(wish.brightness)
        if wish.kelvin is not None:
            found["color_temp"] = self.device_warmth(wish.kelvin)
        if wish.effect is not None:
            found["effect"] = wish.effect
        if wish.white is not None:
            found["white"] = max(1, round(wish.white * self.white_scale / BYTE))
        return found


def _load(text: str) -> dict[str, Any]:
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ParseProblem("the state isn't JSON") from None
    if not isinstance(data, dict):
        raise ParseProblem("the state isn't a JSON object")
    return data
