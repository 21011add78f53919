"""The discovery component ``update`` (home-assistant.io, "MQTT update")."""

from __future__ import annotations

import re
from typing import Any

import orjson

from hub.api import ParseProblem
from integrations.mqtt.fields import Fields
from integrations.mqtt.spec import Attributes, Input, Reading, Spec

INSTALLED, LATEST = "installed_version", "latest_version"
_MORE = ("title", "release_summary", "release_url", "in_progress", "update_percentage")
_NUMBERS = re.compile(r"v?(\d{1,9}(?:\.\d{1,9}){0,7})")


class UpdateSpec(Spec):
    """True while a newer version than the installed one is offered.

    The pictures it may announce are left out: they would be fetched from outside.
    """

    kind = "update"
    writable = True
    __slots__ = ("latest_template", "latest_topic", "payload_install")

    def __init__(self, fields: Fields, discovery_id: str) -> None:
        super().__init__(fields, discovery_id)
        self.latest_topic = fields.topic("latest_version_topic")
        self.latest_template = fields.template("latest_version_template")
        self.payload_install = fields.text("payload_install")
        self.optimistic = False

    def inputs(self) -> tuple[Input, ...]:
        """The state topic and the one of the latest version."""
        if self.latest_topic is None:
            return super().inputs()
        latest = Input(self.latest_topic, self.latest_template, self._read_latest)
        return (*super().inputs(), latest)

    def read(self, text: str, before: Reading) -> Reading | None:
        """The installed version, or JSON with it and more."""
        if not text:
            return None
        data: object = None
        if text.lstrip().startswith("{"):
            try:
                data = orjson.loads(text)
            except orjson.JSONDecodeError:
                raise ParseProblem("the state looks like JSON and isn't") from None
        if not isinstance(data, dict):
            return _compared(before.keep(**{INSTALLED: text}))
        found: Attributes = {key: data[key] for key in _MORE if key in data}
        for key in (INSTALLED, LATEST):
            if key in data:
                found[key] = None if data[key] is None else str(data[key])
        return _compared(before.keep(**found))

    @staticmethod
    def _read_latest(text: str, before: Reading) -> Reading | None:
        return _compared(before.keep(**{LATEST: text})) if text else None

    def commands(self) -> tuple[str, ...]:
        """To be installed, where that can be asked for."""
        return ("install",) if self.command_topic and self.payload_install else ()

    def payload(self, _command: str, _args: dict[str, Any]) -> str:
        """The announced payload."""
        return self.payload_install

    def answered(self, _command: str, _args: dict[str, Any], reading: Reading) -> bool:
        """It says that it works on it, or that it is done."""
        return reading.value is False or bool((reading.attributes or {}).get("in_progress"))


def _compared(reading: Reading) -> Reading:
    known = reading.attributes or {}
    installed, latest = known.get(INSTALLED), known.get(LATEST)
    if not isinstance(installed, str) or not isinstance(latest, str):
        return reading.say(None)
    return reading.say(latest != installed and not _older(latest, installed))


def _older(one: str, other: str) -> bool:
    """Whether one version is below the other, as far as numbers can tell."""
    found = [_NUMBERS.fullmatch(version) for version in (one, other)]
    if None in found:
        return False
    parts = [[int(part) for part in match[1].split(".")] for match in found if match]
    return parts[0] < parts[1]
