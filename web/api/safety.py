"""Alarms and what acts in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hub.http.operations import Call, Operations
from hub.http.problems import Problem
from web.api import models
from web.api.watching import sensor_of, trying_operations, watching_operations
from web.house import HOUSEHOLD, RESIDENTS
from web.words import ROLES

if TYPE_CHECKING:
    from web.facade import HomeRuntime
    from web.views import BindingView, HazardView, QuestionView

MOST = 100


def hazard_operations(runtime: HomeRuntime) -> Operations:
    """Return what a person does about alarms."""
    table = Operations("hazards")

    @table.add(
        "GET",
        "/hazards",
        allow=HOUSEHOLD,
        scope="read:safety",
        summary="Alarms, open ones first",
        takes=models.HazardFilter,
        answers=models.HazardList,
    )
    async def list_hazards(call: Call, given: models.HazardFilter) -> models.HazardList:
        wanted = given.get("active")
        found = [one for one in runtime.hazards() if wanted is None or one.active is wanted]
        return {
            "hazards": [hazard_model(one, call.say) for one in found[: given.get("limit", MOST)]]
        }

    @table.add(
        "GET",
        "/hazards/{hazard_id}",
        allow=HOUSEHOLD,
        scope="read:safety",
        summary="One alarm",
        answers=models.Hazard,
        problems={404: "unknown_hazard"},
    )
    async def get_hazard(call: Call) -> models.Hazard:
        return hazard_model(_hazard(runtime, call), call.say)

    _hazard_acts(runtime, table)
    _call_acts(runtime, table)
    return table


def _hazard_acts(runtime: HomeRuntime, table: Operations) -> None:
    @table.add(
        "POST",
        "/hazards/{hazard_id}/acknowledge",
        allow=RESIDENTS,
        scope="safety",
        summary="Say that somebody has seen an alarm",
        problems={404: "unknown_hazard", 409: "refused"},
    )
    async def acknowledge_hazard(call: Call) -> None:
        await runtime.acknowledge(_hazard(runtime, call).id, call.actor)

    @table.add(
        "POST",
        "/hazards/{hazard_id}/answer",
        allow=RESIDENTS,
        scope="safety",
        summary="Answer whether to tell the duty desk",
        takes=models.Answer,
        answers=models.Answered,
        problems={404: "unknown_hazard", 409: "not_asked, answered_already"},
    )
    async def answer_hazard(call: Call, given: models.Answer) -> models.Answered:
        hazard = _hazard(runtime, call)
        if hazard.question is None:
            raise Problem(409, "not_asked")
        if not await runtime.answer(hazard.id, given["answer"], call.actor):
            raise Problem(409, "answered_already")
        asked = _hazard(runtime, call).question
        return {"told": asked is not None and asked.told}

    @table.add(
        "POST",
        "/hazards/{hazard_id}/false-alarm",
        allow=RESIDENTS,
        scope="safety",
        summary="Tell whoever was told that it was a false alarm",
        problems={404: "unknown_hazard", 409: "nothing_told"},
    )
    async def false_alarm(call: Call) -> None:
        if not await runtime.cancel(_hazard(runtime, call).id, call.actor):
            raise Problem(409, "nothing_told")


def _call_acts(runtime: HomeRuntime, table: Operations) -> None:
    @table.add(
        "POST",
        "/calls",
        allow=HOUSEHOLD,
        scope="safety",
        summary="Call for help",
        answers=models.Called,
        problems={409: "refused"},
    )
    async def call_for_help(call: Call) -> models.Called:
        return {"hazard_id": await runtime.call_for_help(call.actor)}

    @table.add(
        "POST",
        "/hazards/{hazard_id}/end",
        allow=RESIDENTS,
        scope="safety",
        summary="End a call for help",
        problems={404: "unknown_hazard", 409: "refused"},
    )
    async def end_call(call: Call) -> None:
        await runtime.end_call(_hazard(runtime, call).id, call.actor)


def safety_operations(runtime: HomeRuntime) -> Operations:
    """Return what sets up the watching and acting."""
    table = Operations("safety")
    _binding_operations(runtime, table)
    watching_operations(runtime, table)
    trying_operations(runtime, table)

    @table.add(
        "GET",
        "/safety",
        allow=RESIDENTS,
        scope="read:safety",
        summary="Whether alarms are watched now, and each sensor",
        answers=models.Safety,
    )
    async def get_safety(_call: Call) -> models.Safety:
        return safety_model(runtime)

    @table.add(
        "PUT",
        "/safety/sensors/{entity_id}/limit",
        allow=RESIDENTS,
        scope="safety",
        summary="Set how long a safety sensor may stay silent",
        takes=models.Limit,
        problems={404: "unknown_sensor"},
    )
    async def set_limit(call: Call, given: models.Limit) -> None:
        await runtime.set_limit(sensor_of(runtime, call), given["seconds"], call.actor)

    return table


def _binding_operations(runtime: HomeRuntime, table: Operations) -> None:
    @table.add(
        "GET",
        "/safety/bindings",
        allow=RESIDENTS,
        scope="read:safety",
        summary="What acts in an alarm, and what could",
        answers=models.Bindings,
    )
    async def list_bindings(_call: Call) -> models.Bindings:
        return {
            "bindings": [_binding_model(one) for one in runtime.bindings()],
            "candidates": {
                role: [
                    {"entity_id": entity_id, "name": name}
                    for entity_id, name in runtime.candidates(role)
                ]
                for role in ROLES
            },
        }

    @table.add(
        "PUT",
        "/safety/bindings/{entity_id}",
        allow=RESIDENTS,
        scope="safety",
        summary="Let an actuator act in a role",
        takes=models.Bind,
        problems={404: "unknown_entity", 409: "refused"},
    )
    async def bind(call: Call, given: models.Bind) -> None:
        entity_id = call.path["entity_id"]
        if runtime.registry.get(entity_id) is None:
            raise Problem(404, "unknown_entity")
        await runtime.bind(given["role"], entity_id, call.actor)

    @table.add(
        "DELETE",
        "/safety/bindings/{entity_id}",
        allow=RESIDENTS,
        scope="safety",
        summary="Take an actuator out of its role",
        problems={404: "not_bound"},
    )
    async def unbind(call: Call) -> None:
        await runtime.unbind(_bound(runtime, call).entity_id, call.actor)

    @table.add(
        "POST",
        "/safety/bindings/{entity_id}/test",
        allow=RESIDENTS,
        scope="safety",
        summary="Let the hazard kernel press it once",
        answers=models.Pressed,
        problems={404: "not_bound", 409: "refused"},
    )
    async def test_press(call: Call) -> models.Pressed:
        bound = _bound(runtime, call)
        return {"confirmed": await runtime.test_press(bound.entity_id, call.actor)}


def safety_model(runtime: HomeRuntime) -> models.Safety:
    """Return how the home is watched, as programs see it."""
    return {
        "guard": runtime.guard,
        "test_days": runtime.test_days,
        "sensors": [
            {
                "entity_id": one.entity_id,
                "name": one.name,
                "hazard": one.hazard,
                "seen_at": one.seen_at,
                "limit_s": one.limit_s,
                "watch": one.watch,
                "own": list(one.own),
                "missing": list(one.missing),
                "unit": one.measure.unit if one.measure else None,
                "limit": one.limit,
                "for_s": one.for_s,
                "marked": one.marked,
                "acts": one.acts,
                "tested_at": one.tested_at,
                "test_due": one.test_due,
            }
            for one in runtime.supervision()
        ],
    }


def hazard_model(hazard: HazardView, say: Callable[[str], str]) -> models.Hazard:
    """Return an alarm as programs see it."""
    return {
        "id": hazard.id,
        "hazard": hazard.hazard,
        "entity_id": hazard.entity_id,
        "sensor": hazard.sensor,
        "place": hazard.place,
        "active": hazard.active,
        "raised_at": hazard.raised_at,
        "cleared_at": hazard.cleared_at,
        "acknowledged_by": hazard.acknowledged_by,
        "question": _question_model(hazard.question) if hazard.question else None,
        "contacts": [
            {"name": one.name, "state": one.state, "at": one.at} for one in hazard.contacts
        ],
        "advice": list(hazard.advice(say)),
        "did": [
            {"role": one.role, "result": one.result, "text": one.text} for one in hazard.did(say)
        ],
    }


def _question_model(question: QuestionView) -> models.Question:
    return {
        "deadline": question.deadline,
        "choice": question.choice,
        "answer": question.answer,
        "told": question.told,
        "cancelled": question.cancelled,
        "flat": question.flat,
        "seen_at": question.seen_at,
    }


def _binding_model(binding: BindingView) -> models.Binding:
    return {
        "entity_id": binding.entity_id,
        "name": binding.name,
        "role": binding.role,
        "present": binding.present,
    }


def _hazard(runtime: HomeRuntime, call: Call) -> HazardView:
    wanted = call.path["hazard_id"]
    for hazard in runtime.hazards():
        if hazard.id == wanted:
            return hazard
    raise Problem(404, "unknown_hazard")


def _bound(runtime: HomeRuntime, call: Call) -> BindingView:
    wanted = call.path["entity_id"]
    for binding in runtime.bindings():
        if binding.entity_id == wanted:
            return binding
    raise Problem(404, "not_bound")
