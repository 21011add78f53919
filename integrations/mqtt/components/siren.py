"""The discovery component ``siren`` (home-assistant.io, "MQTT siren")."""

from __future__ import annotations

from typing import Any

import orjson

from hub.api import AnyTemplate, CommandProblem, ParseProblem
from integrations.mqtt.fields import Fields
from integrations.mqtt.onoff import OnOffSpec
from integrations.mqtt.spec import Reading

LONGEST_S = 86_400
# A siren answers with a plain word or with JSON that has the word under "state".
_WORD_OR_JSON = (
    "{{ value_json.state if value_json is mapping and value_json.state is defined else value }}"
)


class SirenSpec(OnOffSpec):
    """Turned on with optional tone, duration and volume; commands are JSON or a template's."""

    kind = "siren"
    template_key = "state_value_template"
    __slots__ = ("off_template", "parameters", "tones")

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.off_template: AnyTemplate | None = (
            fields.template("command_off_template") or self.command_template
        )
        self.tones = fields.texts("available_tones")
        self.parameters = frozenset(
            name
            for name, supported in (
                ("tone", bool(self.tones)),
                ("duration", fields.boolean("support_duration", True)),
                ("volume_level", fields.boolean("support_volume_set", True)),
            )
            if supported
        )

    def read(self, text: str, before: Reading) -> Reading | None:
        """A state word, or JSON with ``state`` and the parameters of the sound."""
        if not text or text == "{}":
            return None
        if not text.lstrip().startswith("{"):
            return Reading(self.on_off(text), before.attributes)
        try:
            data = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise ParseProblem("the state is neither a known word nor JSON") from None
        value = before.value
        if "state" in data:
            value = self.on_off(str(data["state"]))
        attributes = dict(before.attributes or {})
        for name in self.parameters & data.keys():
            attributes[name] = self._checked(name, data[name])
        return Reading(value, attributes)

    def payload(self, command: str, args: dict[str, Any]) -> str:
        """JSON with the state word and the parameters, or what the template makes of them."""
        on = command == "turn_on"
        word = self.payload_on if on else self.payload_off
        extra = {name: self._argument(name, args[name]) for name in sorted(args)} if on else {}
        template = self.command_template if on else self.off_template
        if template is not None:
            return template.render(word, state=word, **extra)
        return orjson.dumps({"state": word, **extra}).decode()

    def answer(self, command: str, args: dict[str, Any], _before: Reading) -> Reading | None:
        """On with what was asked for, or off."""
        return Reading(command == "turn_on", {k: args[k] for k in args if k in self.parameters})

    def wire_template(self) -> str | None:
        """The announced template, or one that reads the word out of JSON too."""
        return super().wire_template() or _WORD_OR_JSON

    def _argument(self, name: str, value: object) -> object:
        if name not in self.parameters:
            raise CommandProblem("This siren can't do that.")
        try:
            return self._checked(name, value)
        except ParseProblem as problem:
            raise CommandProblem("This siren can't do that.") from problem

    def _checked(self, name: str, value: object) -> object:
        if name == "tone":
            if str(value) not in self.tones:
                raise ParseProblem("tone isn't one of the announced tones")
            return str(value)
        highest = 1 if name == "volume_level" else LONGEST_S
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not 0 <= value <= highest
        ):
            raise ParseProblem(f"{name} must be a number between 0 and {highest}")
        return value

    def extra_json(self) -> dict[str, Any]:
        """What it can sound like."""
        return {"parameters": sorted(self.parameters), "tones": list(self.tones)}
