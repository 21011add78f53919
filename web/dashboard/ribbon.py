"""The line under every page's header while an alarm is on, or nobody watches for one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from web.house import HOUSEHOLD
from web.words import ALARMS, HAZARDS

if TYPE_CHECKING:
    from hub.http.live import LiveContext
    from web.facade import HomeRuntime
    from web.house import House


def alarming(runtime: HomeRuntime) -> Mapping[str, Any]:
    """What `ribbon.html` needs: the open alarms, and whether they are watched for."""
    if runtime.locked or not runtime.set_up:
        return {"alarms": [], "watched": "watching"}
    hazards = [one for one in runtime.hazards() if one.active]
    open_now = [one for one in hazards if HAZARDS[one.hazard][0] in ALARMS]
    return {"alarms": open_now, "watched": runtime.guard}


def ribbon_part(house: House) -> None:
    """Register the live part."""

    async def draw(context: LiveContext) -> str:
        return house.design.fragment(context.lang, "ribbon.html", **alarming(house.runtime))

    house.live.part("ribbon", draw, ("hazards", "safety"), HOUSEHOLD)
