"""What a client may ask of the kernel over the local socket."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from typing import TYPE_CHECKING, Any

from .bindings import MAX_BINDINGS, BindingProblem
from .link import Peer
from .records import HazardRecord

if TYPE_CHECKING:
    from .kernel import Kernel

# An answer waits for the disk this long, then says that it isn't durable.
DURABLE_WITHIN_S = 1.0
MAX_NAME = 200


class Refused(Exception):
    """The request can't be done; the text says why."""


class Requests:
    """Answers each request; everything asked for is in force before it is stored."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    async def handle(self, peer: Peer, message: dict[str, Any]) -> None:
        """Do one request and send its reply, with the request's number ``n`` if it had one."""
        do = message.get("do")
        reply: dict[str, Any] = {"do": do, "ok": True}
        if "n" in message:
            reply["n"] = message["n"]
        try:
            reply.update(await self._do(peer, do, message))
        except (Refused, BindingProblem) as problem:
            reply.update(ok=False, reason=str(problem))
        if do not in ("confirm", "watch", "seen") or not reply["ok"]:
            peer.send({"reply": reply})

    async def _do(self, peer: Peer, do: object, message: dict[str, Any]) -> dict[str, Any]:
        match do:
            case "watch":
                return await self._watch(peer, _whole(message, "after"))
            case "confirm":
                self._kernel.reports.confirm(_whole(message, "seq"))
                return {}
            case "bind":
                problems = self._kernel.bind(message)
                return {"problems": problems, "durable": await self._durable()}
            case "acknowledge":
                return await self._acknowledge(message)
            case "end":
                return await self._end(message)
            case "override":
                return await self._override(message)
            case "seen":
                self._kernel.seen(*_seen(message, self._kernel.hazards.sensors))
                return {}
            case "press":
                return self._press(_text(message, "entity_id"))
            case _:
                raise Refused("no such request")

    async def _watch(self, peer: Peer, after: int) -> dict[str, Any]:
        peer.watching = True
        for report in self._kernel.reports.since(after):
            peer.send(report)  # thousands, if the home was away for long
            await peer.drain()
        peer.send({"status": self._kernel.status()})
        return {}

    async def _acknowledge(self, message: dict[str, Any]) -> dict[str, Any]:
        hazard_id, by = _text(message, "hazard_id"), _text(message, "by")
        try:
            self._kernel.carry_out(self._kernel.hazards.acknowledge(hazard_id, by))
        except KeyError:
            raise Refused("no such hazard") from None
        return {"durable": await self._durable()}

    async def _end(self, message: dict[str, Any]) -> dict[str, Any]:
        hazard_id, by = _text(message, "hazard_id"), _text(message, "by")
        try:
            self._kernel.carry_out(self._kernel.hazards.end(hazard_id, by))
        except KeyError:
            raise Refused("no such hazard that a person ends") from None
        return {"durable": await self._durable()}

    async def _override(self, message: dict[str, Any]) -> dict[str, Any]:
        entity_id, by = _text(message, "entity_id"), _text(message, "by")
        try:
            self._kernel.carry_out(self._kernel.hazards.override(entity_id, by))
        except KeyError:
            raise Refused("no open hazard holds this actuator") from None
        return {"durable": await self._durable()}

    def _press(self, entity_id: str) -> dict[str, Any]:
        try:
            allowed = self._kernel.hazards.may_press(entity_id)
        except KeyError:
            raise Refused("not bound as an actuator") from None
        if not allowed:
            return {"entity_id": entity_id, "result": "refused_electrical"}
        command = self._kernel.hazards.actuators[entity_id].command
        sent = self._kernel.command(entity_id, command)
        return {"entity_id": entity_id, "result": "sent" if sent else "failed"}

    async def _durable(self) -> bool:
        """Wait a moment for the disk; False when it hasn't taken everything by then."""
        stored = self._kernel.stored_event()
        try:
            await asyncio.wait_for(stored.wait(), DURABLE_WITHIN_S)
        except TimeoutError:
            return False
        return True


def _seen(
    message: dict[str, Any], bound: Container[str]
) -> tuple[list[tuple[str, bool, float]], list[HazardRecord]]:
    """Bound sensors and open hazards as the home has them; raises Refused."""
    sensors, records = message.get("sensors"), message.get("open")
    if not isinstance(sensors, list) or not isinstance(records, list):
        raise Refused("sensors and open are lists")
    if len(records) > MAX_BINDINGS:
        raise Refused(f"more than {MAX_BINDINGS}")
    try:
        rows = [
            (str(one["entity_id"]), one["detects"] is True, float(one["at"]))
            for one in sensors
            if str(one["entity_id"]) in bound
        ]
        return rows, [HazardRecord.from_json(one) for one in records]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Refused("a sensor or a hazard can't be read") from None


def _text(message: dict[str, Any], key: str) -> str:
    value = message.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME:
        raise Refused(f"{key} is a text")
    return value


def _whole(message: dict[str, Any], key: str) -> int:
    value = message.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(f"{key} is a whole number")
    return value
