"""Requests that nobody is signed in for, counted against their address when they were wrong."""

from __future__ import annotations

import math

from aiohttp import web

from community.core.accounts import StaffTable
from community.core.portal import portal
from hub.accounts.model import TooManyAttempts
from hub.accounts.throttle import Rule, Throttle
from hub.http.problems import Problem

# Wrong ones only: a home that calls for help never waits.
_BY_ADDRESS = Rule(free=200, longest_s=900.0)


async def count_wrong(request: web.Request, kind: str) -> None:
    """Count what was no act of a home against its address.

    Raises:
        Problem: 429, there were too many.
    """
    here, key = portal(request), f"{kind}:{request.remote or ''}"
    try:
        await Throttle(StaffTable(here.store)).attempt({key: _BY_ADDRESS}, here.clock())
    except TooManyAttempts as error:
        wait = str(math.ceil(error.wait_s))
        raise Problem(429, "too_many_attempts", headers={"Retry-After": wait}) from None
