"""Common to the three schemas of lights: what a light can do, and what is asked of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from hub.api import CommandProblem, ParseProblem
from integrations.mqtt import colors
from integrations.mqtt.colors import BYTE, Color
from integrations.mqtt.feature import SeveralTopics, attribute, named, near
from integrations.mqtt.fields import Fields, number_of
from integrations.mqtt.spec import NOTHING, Attributes, Reading

COLORED = ("hs", "rgb", "xy", "rgbw", "rgbww")
LONGEST_TRANSITION_S = 6 * 3600
_MIREDS_OFF = 3  # a lamp rounds a colour temperature to its own steps


class Wish(NamedTuple):
    """What ``turn_on`` or ``turn_off`` is asked for beyond on and off, checked."""

    brightness: int | None = None
    kelvin: int | None = None
    mode: str | None = None
    color: Color = ()
    white: int | None = None
    effect: str | None = None
    flash: str | None = None
    transition: float | None = None


class LightSpec(SeveralTopics):
    """A light: True while lit. Subclasses say how it is read and what is sent."""

    kind = "light"
    __slots__ = (
        "can_flash",
        "can_transition",
        "coldest",
        "effects",
        "in_kelvin",
        "modes",
        "scale",
        "warmest",
        "white_scale",
    )

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.needs(fields, "command_topic")
        self.modes: tuple[str, ...] = ()
        self.effects = named(fields, "effect_list")
        self.can_flash = self.can_transition = True
        self.in_kelvin = fields.boolean("color_temp_kelvin", False)
        self.scale = fields.integer("brightness_scale", BYTE)
        self.white_scale = fields.integer("white_scale", BYTE)
        if self.scale < 1 or self.white_scale < 1:
            raise ParseProblem("brightness_scale and white_scale must be above zero")
        self.warmest = _kelvin(fields, "min_kelvin", "max_mireds", 2000)
        self.coldest = _kelvin(fields, "max_kelvin", "min_mireds", 6535)
        if self.warmest > self.coldest:
            raise ParseProblem("the warmest colour temperature is above the coldest")

    def lit(self) -> bool:
        """Whether its brightness can be set."""
        return any(mode != "onoff" for mode in self.modes)

    def commands(self) -> tuple[str, ...]:
        """Both."""
        return ("turn_on", "turn_off")

    def traits(self) -> Attributes:
        """Colour modes, bounds and effects; the colour mode itself where there is only one."""
        found: Attributes = {"supported_color_modes": list(self.modes)}
        if "color_temp" in self.modes:
            found |= {"min_color_temp_kelvin": self.warmest, "max_color_temp_kelvin": self.coldest}
        if self.effects:
            found["effect_list"] = list(self.effects)
        if len(self.modes) == 1:
            found["color_mode"] = self.modes[0]
        return found

    def answer(self, command: str, args: dict[str, Any], before: Reading) -> Reading | None:
        """Off, or lit as it was asked for."""
        if command == "turn_off":
            return before.say(False)
        wish = self.wish(args)
        reading = before.say(True)
        if wish.mode is not None:
            reading = colors.with_color(reading, wish.mode, wish.color)
        if wish.kelvin is not None:
            reading = colors.with_temperature(reading, wish.kelvin)
        if wish.white is not None:
            reading = reading.keep(color_mode="white", brightness=wish.white)
        if wish.brightness is not None:
            reading = reading.keep(brightness=wish.brightness)
        return reading.keep(effect=wish.effect) if wish.effect is not None else reading

    def answered(self, command: str, args: dict[str, Any], reading: Reading) -> bool:
        """Off, or lit as far as it says how: a lamp on its way to a brightness isn't there yet.

        Colours are compared by their mode alone, for a lamp shows the nearest it can.
        """
        if command == "turn_off":
            return reading.value is False
        if reading.value is not True:
            return False
        wish = self.wish(args)
        told = attribute(reading, "brightness")
        fading = wish.transition is not None or wish.flash is not None
        dimmed = wish.brightness is not None and told is not None and not fading
        if dimmed and not near(told, wish.brightness or 0, BYTE / self.scale + 1):
            return False
        mode = attribute(reading, "color_mode")
        if wish.mode is not None and mode is not None:
            return mode in COLORED
        warmth = attribute(reading, "color_temp_kelvin")
        if wish.kelvin is None or mode is None:
            return True
        return isinstance(warmth, int) and near(
            colors.MIRED / warmth, colors.MIRED / wish.kelvin, _MIREDS_OFF
        )

    def wish(self, args: dict[str, Any]) -> Wish:
        """The arguments checked against what the light can; raises CommandProblem."""
        mode, color = self._wanted_color(args)
        return Wish(
            brightness=self._wanted_byte(args, "brightness", self.lit()),
            kelvin=self._wanted_kelvin(args),
            mode=mode,
            color=color,
            white=self._wanted_byte(args, "white", "white" in self.modes),
            effect=self._wanted_effect(args),
            flash=self._wanted_flash(args),
            transition=self._wanted_transition(args),
        )

    def _wanted_byte(self, args: dict[str, Any], name: str, able: bool) -> int | None:
        value = args.get(name)
        if value is None:
            return None
        if not able:
            raise CommandProblem("This light can't do that.")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CommandProblem("A light's brightness is a number between 1 and 255.")
        if not 1 <= value <= BYTE:
            raise CommandProblem("A light's brightness is a number between 1 and 255.")
        return round(value)

    def _wanted_kelvin(self, args: dict[str, Any]) -> int | None:
        value = args.get("color_temp_kelvin")
        if value is None:
            return None
        if "color_temp" not in self.modes:
            raise CommandProblem("This light can't do that.")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CommandProblem("This needs a number.")
        if not self.warmest <= value <= self.coldest:
            raise CommandProblem("The number is outside what the device takes.")
        return round(value)

    def _wanted_color(self, args: dict[str, Any]) -> tuple[str | None, Color]:
        asked = [mode for mode in colors.BOUNDS if args.get(f"{mode}_color") is not None]
        if not asked:
            return None, ()
        if len(asked) > 1 or args.get("color_temp_kelvin") is not None:
            raise CommandProblem("A light takes one colour at a time.")
        mode = asked[0]
        value = args[f"{mode}_color"]
        try:
            color = colors.checked(mode, value if isinstance(value, list | tuple) else ())
        except ParseProblem as problem:
            raise CommandProblem("This isn't a colour.") from problem
        if mode in self.modes:
            return mode, color
        # Whites of their own can't be said in another way without guessing at the lamp.
        target = next((one for one in COLORED if one in self.modes), None)
        if target is None or mode in ("rgbw", "rgbww"):
            raise CommandProblem("This light can't do that.")
        return target, colors.convert(mode, color, target)

    def _wanted_effect(self, args: dict[str, Any]) -> str | None:
        value = args.get("effect")
        if value is not None and value not in self.effects:
            raise CommandProblem("This isn't one of the choices.")
        return value

    def _wanted_flash(self, args: dict[str, Any]) -> str | None:
        value = args.get("flash")
        if value is None:
            return None
        if not self.can_flash:
            raise CommandProblem("This light can't do that.")
        if value not in ("short", "long"):
            raise CommandProblem("This isn't one of the choices.")
        return str(value)

    def _wanted_transition(self, args: dict[str, Any]) -> float | None:
        value = args.get("transition")
        if value is None or not self.can_transition:
            return None  # a light that can't fade changes at once
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CommandProblem("This needs a number.")
        if not 0 <= value <= LONGEST_TRANSITION_S:
            raise CommandProblem("The number is outside what the device takes.")
        return value

    def brightness_of(self, told: float) -> int | None:
        """The device's brightness as 1..255; zero says nothing, for off is said otherwise."""
        if told == 0:
            return None
        if not told > 0:
            raise ParseProblem("a brightness must not be below zero")
        return min(BYTE, max(1, round(min(told, self.scale) * BYTE / self.scale)))

    def device_brightness(self, brightness: int) -> int:
        """A brightness of 1..255 in the device's own range; never so low that it is off."""
        return max(1, round(brightness * self.scale / BYTE))

    def kelvin_of(self, text: str) -> int | None:
        """A colour temperature as the device writes it, in kelvin; None for ``None``."""
        if text == NOTHING:
            return None
        told = number_of(text)
        if not 1 <= told <= colors.MIRED:
            raise ParseProblem("the colour temperature is out of bounds")
        return round(told) if self.in_kelvin else colors.kelvin(told)

    def device_warmth(self, kelvin: int) -> int:
        """A colour temperature as the device takes it."""
        return kelvin if self.in_kelvin else colors.kelvin(kelvin)


def _kelvin(fields: Fields, key: str, mireds_key: str, default: int) -> int:
    if fields.has(key):
        found = fields.integer(key, default)
    elif fields.has(mireds_key):
        mireds = fields.integer(mireds_key, 0)
        found = colors.kelvin(mireds) if mireds > 0 else 0
    else:
        found = default
    if found <= 0:
        raise ParseProblem(f"{key} and {mireds_key} must be above zero")
    return found
