"""The schema ``template`` of lights (home-assistant.io, "MQTT light", "Template schema")."""

from __future__ import annotations

from typing import Any

from hub.api import AnyTemplate, ParseProblem, TemplateProblem, template_of
from integrations.mqtt import colors
from integrations.mqtt.colors import BYTE
from integrations.mqtt.feature import word_into
from integrations.mqtt.fields import Fields, number_of
from integrations.mqtt.lighting import LightSpec
from integrations.mqtt.spec import NOTHING, Input, Message, Reading

_RGB = ("red_template", "green_template", "blue_template")


class TemplateLightSpec(LightSpec):
    """One state topic read by a template for each part, and a template for each command."""

    template_key = "state_template"
    __slots__ = ("brightness", "color", "effect", "off", "on", "warmth")

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.needs(fields, "command_on_template", "command_off_template")
        self.on = fields.template("command_on_template")
        self.off = fields.template("command_off_template")
        self.brightness = fields.template("brightness_template")
        self.warmth = fields.template("color_temp_template")
        self.effect = fields.template("effect_template")
        self.color = _joined([fields.template(key) for key in _RGB])
        self.optimistic = self.optimistic or self.state_template is None
        modes = [
            mode
            for mode, known in (("hs", self.color), ("color_temp", self.warmth))
            if known is not None
        ]
        plain = "brightness" if self.brightness else "onoff"
        self.modes = tuple(modes) or (plain,)

    def inputs(self) -> tuple[Input, ...]:
        """The state topic once for each template."""
        topic = self.state_topic
        if topic is None:
            return ()
        found = (
            (self.state_template, self.read),
            (self.brightness, self._read_brightness),
            (self.warmth, self._read_warmth),
            (self.color, self._read_color),
            (self.effect, word_into("effect", self.effects)),
        )
        return tuple(
            Input(topic, template, read) for template, read in found if template is not None
        )

    def read(self, text: str, before: Reading) -> Reading | None:
        """``on``, ``off`` or ``None``; an empty result says nothing."""
        if not text:
            return None
        if text not in ("on", "off", NOTHING):
            raise ParseProblem("the state is neither on nor off")
        return before.say(None if text == NOTHING else text == "on")

    def _read_brightness(self, text: str, before: Reading) -> Reading | None:
        if text in ("", NOTHING):
            return None
        told = self.brightness_of(number_of(text))
        return before if told is None else before.keep(brightness=told)

    def _read_warmth(self, text: str, before: Reading) -> Reading | None:
        return colors.with_temperature(before, self.kelvin_of(text)) if text else None

    def _read_color(self, text: str, before: Reading) -> Reading | None:
        parts = [part.strip() for part in text.split(",")]
        if all(part in ("", NOTHING) for part in parts):
            return None
        rgb = colors.checked("rgb", [number_of(part) for part in parts])
        return colors.with_color(before, "hs", colors.convert("rgb", rgb, "hs"))

    def messages(self, command: str, args: dict[str, Any], before: Reading) -> tuple[Message, ...]:
        """What the template makes of what was asked for; what wasn't is undefined in it."""
        wish = self.wish(args)
        on = command == "turn_on"
        names: dict[str, Any] = {"state": "on" if on else "off", "transition": wish.transition}
        if on:
            warmth = None if wish.kelvin is None else self.device_warmth(wish.kelvin)
            names |= {"brightness": wish.brightness, "color_temp": warmth}
            names |= {"effect": wish.effect, "flash": wish.flash}
            names |= self._channels(wish.color, wish.brightness, before)
        template = self.on if on else self.off
        if template is None or self.command_topic is None:
            raise TemplateProblem("the command has no template")
        known = {name: value for name, value in names.items() if value is not None}
        return (Message(self.command_topic, template.render("", **known)),)

    def _channels(
        self, color: colors.Color, brightness: int | None, before: Reading
    ) -> dict[str, Any]:
        if not color:
            return {}
        told = (before.attributes or {}).get("brightness")
        level: Any = BYTE if self.brightness else brightness or told or BYTE
        red, green, blue = colors.scaled(colors.convert("hs", color, "rgb"), level)
        return {"red": red, "green": green, "blue": blue, "hue": color[0], "sat": color[1]}


def _joined(parts: list[AnyTemplate | None]) -> AnyTemplate | None:
    """One template that renders all three channels, for a colour is read as a whole."""
    sources = [part.source for part in parts if part is not None]
    if len(sources) < len(parts):
        return None
    try:
        return template_of(",".join(sources))
    except TemplateProblem as problem:
        raise ParseProblem(f"red, green and blue templates: {problem}") from None
