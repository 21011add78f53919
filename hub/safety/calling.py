"""The call for help that is pressed on a page: a button that every home has, bound or not."""

from __future__ import annotations

import math

from .supervision import Sensor

CALL_ID = "page.sos"
"""What records name as the sensor of such a call."""


def call_button() -> Sensor:
    """The button. It has nothing to say until it is pressed, so its silence says nothing."""
    return Sensor(CALL_ID, "sos", limit_s=math.inf, pulse=True)
