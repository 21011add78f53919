"""Devices that announce themselves by Home Assistant's MQTT discovery become entities."""

from __future__ import annotations

import hashlib

from hub.api import Config, Door, Integration, Mqtt, ParseProblem, TemplateWorker, setting
from integrations.mqtt.backlog import Backlog
from integrations.mqtt.bound import Bound
from integrations.mqtt.discovery import (
    MAX_BYTES,
    DiscoveryTopic,
    IgnoredComponent,
    Parsed,
    UnknownComponent,
    parse,
    parse_topic,
)
from integrations.mqtt.router import Router
from integrations.mqtt.spec import Spec
from integrations.mqtt.tasmota_devices import TasmotaDevices

MAX_NAMED_COMPONENTS = 48
MAX_ENTITIES = 20_000


class MqttConfig(Config):
    """Where devices announce themselves."""

    discovery_prefix: str = setting(
        "Discovery prefix",
        default="homeassistant",
        help_text="The first part of the topics under which devices announce themselves.",
        pattern=r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*",
    )


class MqttDiscovery(Integration[MqttConfig]):
    """Listens for announcements; an entity for each, until its announcement is withdrawn."""

    def __init__(self, door: Door) -> None:
        super().__init__(door)
        self._prefix = ""
        # discovery topic -> digest of its last payload, so that repetitions cost nothing
        self._seen: dict[str, bytes] = {}
        # discovery topic -> entity id within the topic -> the entity at work
        self._bound: dict[str, dict[str, Bound]] = {}
        self._unsupported: set[str] = set()
        self._worker = TemplateWorker()
        self._backlog = Backlog(self._take, most_bytes=MAX_BYTES)

    async def connect(self, config: MqttConfig, mqtt: Mqtt) -> None:
        """Subscribe to announcements and say that we are here."""
        self._prefix = config.discovery_prefix
        self._mqtt = mqtt
        self._router = Router(mqtt, self.problem)
        mqtt.subscribe(f"{self._prefix}/+/+/config", self._on_announcement)
        mqtt.subscribe(f"{self._prefix}/+/+/+/config", self._on_announcement)
        self._tasmota = TasmotaDevices(mqtt, self.problem, self._apply)
        mqtt.on_connection(self._on_connection)

    async def close(self) -> None:
        """Stop all entities; they stay known."""
        self._backlog.close()
        for bounds in self._bound.values():
            for bound in bounds.values():
                bound.stop()
        self._bound.clear()
        self._seen.clear()
        await self._worker.close()

    def _on_connection(self, connected: bool) -> None:
        if not connected:
            self._router.forget()
        for bounds in self._bound.values():
            for bound in bounds.values():
                bound.connection(connected)
        if connected:
            self._tasmota.ask()
            # Devices answer this birth message by announcing themselves again.
            self._mqtt.publish_now(f"{self._prefix}/status", "online")

    def _on_announcement(self, topic: str, payload: bytes, _retained: bool) -> None:
        self._backlog.add(topic, payload)

    def _take(self, topic: str, payload: bytes) -> None:
        digest = b"" if not payload else hashlib.blake2b(payload, digest_size=16).digest()
        if self._seen.get(topic, b"") == digest:
            return
        try:
            place = parse_topic(self._prefix, topic)
            if place is None:
                return
            parsed = self._parse(place, payload)
        except (UnknownComponent, IgnoredComponent) as problem:
            self._count_component(problem, topic)
        except ParseProblem as problem:
            self.problem("bad_discovery", "%s: %s", topic, problem)
        else:
            if payload:
                self._seen[topic] = digest
            else:
                self._seen.pop(topic, None)
            self._apply(topic, parsed if payload else {}, whole=not payload)

    def _parse(self, place: DiscoveryTopic, payload: bytes) -> Parsed:
        if len(payload) > MAX_BYTES:
            raise ParseProblem(f"a discovery payload is larger than {MAX_BYTES} bytes")
        return parse(place, payload)

    def _count_component(self, problem: UnknownComponent | IgnoredComponent, topic: str) -> None:
        component = problem.component
        if isinstance(problem, IgnoredComponent):
            self.problem(f"ignored_{component}", "%s: %s", topic, problem)
            return
        if len(self._unsupported) < MAX_NAMED_COMPONENTS:
            self._unsupported.add(component)
        named = component if component in self._unsupported else "component"
        self.problem(
            f"unsupported_{named}", "%s: the component %s isn't supported", topic, component
        )

    def _apply(self, topic: str, parsed: Parsed, *, whole: bool) -> None:
        """Bring the topic's entities to what its announcement says.

        Args:
            topic: The discovery topic.
            parsed: Entities by id, None where one is withdrawn.
            whole: What the announcement doesn't name is withdrawn.
        """
        bounds = self._bound.setdefault(topic, {})
        if whole:
            parsed = dict.fromkeys(bounds) | parsed
        for entity_id, result in parsed.items():
            if isinstance(result, Spec):
                self._place(topic, bounds, entity_id, result)
            elif result is None:
                self._remove(bounds.pop(entity_id, None))
            elif isinstance(result, UnknownComponent | IgnoredComponent):
                self._count_component(result, topic)
            else:
                self.problem("bad_discovery", "%s: %s", topic, result)
        if not bounds:
            del self._bound[topic]

    def _place(self, topic: str, bounds: dict[str, Bound], entity_id: str, spec: Spec) -> None:
        old = bounds.get(entity_id)
        if old is not None and old.spec.key != spec.key:
            self._remove(bounds.pop(entity_id))
            old = None
        if old is None and self.has(spec.key):
            self.problem(
                "duplicate_unique_id", "%s: %s was announced elsewhere already", topic, spec.key
            )
            return
        if old is None and len(self._bound) > MAX_ENTITIES:
            self.problem("too_many_entities", "%s: more than %d announcements", topic, MAX_ENTITIES)
            return
        bound = Bound(spec, self._mqtt, self._router, self.problem, worker=self._worker)
        bounds[entity_id] = bound
        if old is None:
            self.add(bound.entity)
        else:
            self.replace(old.entity, bound.entity)
        bound.start()
        # Stopped last, so that topics both listen to stay subscribed and keep their payload.
        if old is not None:
            old.stop()

    def _remove(self, bound: Bound | None) -> None:
        if bound is not None:
            bound.stop()
            self.remove(bound.entity)
