"""A discovered entity at work: listens, keeps availability and timers, answers commands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson

from hub.api import (
    ENTITY_CLASSES,
    AnyTemplate,
    CommandProblem,
    Entity,
    Mqtt,
    MqttUnavailable,
    ParseProblem,
    TemplateProblem,
    TemplateWorker,
    Wire,
    WireReader,
)
from integrations.mqtt.line import Line
from integrations.mqtt.router import Problem, Router
from integrations.mqtt.spec import Attributes, Input, Message, Reading, Spec

ALREADY_THERE_S = 1.0  # how long to wait for an echo of a state that the device is in already
MAX_ATTRIBUTES_BYTES = 16 * 1024
ASSUMED = "assumed_state"


def make_entity(spec: Spec) -> Entity:
    """The hub's entity for a description."""
    return ENTITY_CLASSES[spec.kind](
        spec.unique_id,
        name=spec.name,
        device=spec.device,
        device_class=spec.device_class,
        unit=spec.unit,
        category=spec.category,
        enabled=spec.enabled,
        suggested_id=spec.suggested_id,
        wire=spec.wire(),
    )


def render(template: AnyTemplate | None, payload: bytes) -> str:
    """The payload as text; raises TemplateProblem when it isn't UTF-8 or doesn't fit."""
    if template is not None:
        return template.render(payload)
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise TemplateProblem("the payload isn't UTF-8") from None


def _load_attributes(template: AnyTemplate | None, payload: bytes) -> Attributes:
    if len(payload) > MAX_ATTRIBUTES_BYTES:
        raise ParseProblem(f"attributes of more than {MAX_ATTRIBUTES_BYTES} bytes")
    found = orjson.loads(render(template, payload) if template else payload)
    if not isinstance(found, dict):
        raise ParseProblem("attributes must be a JSON object")
    return found


class Bound:
    """Binds one description to one entity and to the broker."""

    __slots__ = (
        "_connected",
        "_expired",
        "_inputs",
        "_json_attributes",
        "_line",
        "_mqtt",
        "_problem",
        "_reachable",
        "_reading",
        "_router",
        "_timers",
        "_traits",
        "_waiting",
        "entity",
        "spec",
    )

    def __init__(
        self, spec: Spec, mqtt: Mqtt, router: Router, problem: Problem, *, worker: TemplateWorker
    ) -> None:
        self.spec = spec
        self.entity = make_entity(spec)
        self._mqtt = mqtt
        self._router = router
        self._problem = problem
        self._line = Line(worker, problem, spec.key)
        self._connected = mqtt.connected
        self._reachable = WireReader(
            Wire(availability=spec.availability, availability_mode=spec.availability_mode)
        )
        self._expired = spec.expire_after is not None
        self._reading = Reading(None)
        self._traits = spec.traits() | ({ASSUMED: True} if spec.optimistic else {})
        self._json_attributes: Attributes = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._waiting: list[tuple[str, dict[str, Any], asyncio.Future[None]]] = []
        self._inputs = [(one.topic, partial(self._on_state, one)) for one in spec.inputs()]
        for command in spec.commands():
            self.entity.on(command, partial(self._command, command))
        self.entity.when_enabled(self._read_again)
        self.entity.available = self._available

    @property
    def _available(self) -> bool:
        return self._connected and not self._expired and self._reachable.available

    def start(self) -> None:
        """Begin to listen; the entity must have been added before."""
        spec = self.spec
        for topic in dict.fromkeys(one.topic for one in spec.availability):
            self._router.listen(topic, self._on_availability, spec.qos)
        timed = spec.expire_after is not None or spec.off_delay is not None
        for topic, listener in self._inputs:
            self._router.listen(topic, listener, spec.qos, replay=not timed)
        if spec.attributes_topic is not None:
            self._router.listen(spec.attributes_topic, self._on_attributes, spec.qos)

    def stop(self) -> None:
        """End listening, timers and waiting commands."""
        spec = self.spec
        for one in spec.availability:
            self._router.end(one.topic, self._on_availability)
        for topic, listener in self._inputs:
            self._router.end(topic, listener)
        if spec.attributes_topic is not None:
            self._router.end(spec.attributes_topic, self._on_attributes)
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._line.stop()
        for _, _, answer in self._waiting:
            if not answer.done():
                answer.set_exception(CommandProblem("The device was removed."))

    def _read_again(self) -> None:
        for topic, listener in self._inputs:
            known = self._router.last(topic)
            if known is not None:
                listener(topic, known)

    def connection(self, connected: bool) -> None:
        """The broker came or went; gone, nothing heard before counts any more."""
        self._connected = connected
        if not connected:
            self._reachable.forget()
        self.entity.available = self._available

    def _on_availability(self, topic: str, payload: bytes) -> None:
        if not self._reachable.hear(topic, payload):
            self._problem(
                "bad_availability", "%s: not one of the announced availability payloads", topic
            )
        self.entity.available = self._available

    def _on_state(self, input_: Input, topic: str, payload: bytes) -> None:
        spec = self.spec
        if spec.expire_after is not None:
            self._expired = False
            self._set_timer("expire", spec.expire_after, self._expire)
        if not self.entity.enabled or (input_.live and self._router.retained):
            return
        self._line.hear(partial(self._read, input_, topic, payload))

    def _read(self, input_: Input, topic: str, payload: bytes) -> None:
        try:
            reading = input_.read(render(input_.template, payload), self._reading)
        except TemplateProblem as problem:
            self._problem("template_failed", "%s (%s): %s", topic, self.entity.key, problem)
        except ParseProblem as problem:
            self._problem("bad_state", "%s (%s): %s", topic, self.entity.key, problem)
        else:
            if reading is not None:
                self._take(reading)
        self.entity.available = self._available

    def _take(self, reading: Reading) -> None:
        self._reading = reading
        self.entity.set(reading.value, self._attributes())
        off_delay = self.spec.off_delay
        if off_delay is not None:
            if reading.value is True:
                self._set_timer("off", off_delay, self._delayed_off)
            elif "off" in self._timers:
                self._timers.pop("off").cancel()
        for command, args, answer in self._waiting:
            if not answer.done() and self.spec.answered(command, args, reading):
                answer.set_result(None)

    def _attributes(self) -> Attributes | None:
        own = self._reading.attributes or {}
        return {**self._traits, **self._json_attributes, **own} or None

    def _on_attributes(self, topic: str, payload: bytes) -> None:
        self._line.hear(partial(self._read_attributes, topic, payload))

    def _read_attributes(self, topic: str, payload: bytes) -> None:
        template = self.spec.attributes_template
        try:
            found = _load_attributes(template, payload)
        except orjson.JSONDecodeError:
            self._problem("bad_attributes", "%s: attributes aren't JSON", topic)
        except (TemplateProblem, ParseProblem) as problem:
            self._problem("bad_attributes", "%s: %s", topic, problem)
        else:
            self._json_attributes = found
            self.entity.set(self._reading.value, self._attributes())

    def _set_timer(self, name: str, seconds: float, action: Callable[[], None]) -> None:
        timer = self._timers.get(name)
        if timer is not None:
            timer.cancel()
        self._timers[name] = asyncio.get_running_loop().call_later(seconds, action)

    def _delayed_off(self) -> None:
        self._timers.pop("off", None)
        self._take(Reading(False))

    def _expire(self) -> None:
        self._timers.pop("expire", None)
        self._expired = True
        self.entity.available = self._available

    async def _command(self, command: str, /, **args: Any) -> None:
        """Send a command and return when the device's state answers it.

        An optimistic device never answers: its state is taken to be what was asked for.
        """
        spec = self.spec
        try:
            messages = await self._line.worker.settle(
                partial(spec.messages, command, args, self._reading)
            )
        except TemplateProblem as problem:
            raise CommandProblem("The command can't be put into the device's words.") from problem
        if spec.assumes(command):
            await self._publish(messages)
            reading = spec.answer(command, args, self._reading)
            if reading is not None:
                self._take(reading)
            return
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = (command, args, answer)
        there = self._reading.value is not None and spec.answered(command, args, self._reading)
        self._waiting.append(waiting)
        try:
            await self._publish(messages)
            await asyncio.wait((answer,), timeout=ALREADY_THERE_S if there else None)
            if answer.done():
                answer.result()
        finally:
            self._waiting.remove(waiting)

    async def _publish(self, messages: tuple[Message, ...]) -> None:
        try:
            for one in messages:
                await self._mqtt.publish(one.topic, one.payload, self.spec.qos, self.spec.retain)
        except MqttUnavailable:
            raise CommandProblem("The MQTT broker can't be reached.") from None
