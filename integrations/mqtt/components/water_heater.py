"""The discovery component ``water_heater`` (home-assistant.io, "MQTT water heater")."""

from __future__ import annotations

from integrations.mqtt.heating import HeatingSpec
from integrations.mqtt.spec import Attributes

_MODES = ("off", "eco", "electric", "gas", "heat_pump", "high_demand", "performance")


class WaterHeaterSpec(HeatingSpec):
    """A boiler with one target temperature."""

    kind = "water_heater"
    all_modes = _MODES
    default_modes = _MODES
    first_modes = ("eco",)
    bounds_c = (43.3, 60)
    __slots__ = ()

    def traits(self) -> Attributes:
        """Modes of operation and bounds."""
        return {"operation_list": list(self.modes), **self.bounds()}
