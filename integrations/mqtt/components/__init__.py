"""One module per discovery component; a new one is a file and a line in ``TABLE``."""

from __future__ import annotations

from collections.abc import Callable

from integrations.mqtt.components.alarm_control_panel import AlarmControlPanelSpec
from integrations.mqtt.components.binary_sensor import BinarySensorSpec
from integrations.mqtt.components.climate import ClimateSpec
from integrations.mqtt.components.cover import CoverSpec
from integrations.mqtt.components.device_tracker import DeviceTrackerSpec
from integrations.mqtt.components.fan import FanSpec
from integrations.mqtt.components.happening import DeviceAutomationSpec, EventSpec, TagSpec
from integrations.mqtt.components.humidifier import HumidifierSpec
from integrations.mqtt.components.lawn_mower import LawnMowerSpec
from integrations.mqtt.components.light import light
from integrations.mqtt.components.lock import LockSpec
from integrations.mqtt.components.number import NumberSpec
from integrations.mqtt.components.press import ButtonSpec, NotifySpec, SceneSpec
from integrations.mqtt.components.select import SelectSpec
from integrations.mqtt.components.sensor import SensorSpec
from integrations.mqtt.components.siren import SirenSpec
from integrations.mqtt.components.switch import SwitchSpec
from integrations.mqtt.components.text import TextSpec
from integrations.mqtt.components.update import UpdateSpec
from integrations.mqtt.components.vacuum import VacuumSpec
from integrations.mqtt.components.valve import ValveSpec
from integrations.mqtt.components.water_heater import WaterHeaterSpec
from integrations.mqtt.fields import Fields
from integrations.mqtt.spec import Spec

_ONE_EACH: dict[str, Callable[[Fields, str], Spec]] = {
    spec.kind: spec
    for spec in (
        AlarmControlPanelSpec,
        BinarySensorSpec,
        ButtonSpec,
        ClimateSpec,
        CoverSpec,
        DeviceAutomationSpec,
        DeviceTrackerSpec,
        EventSpec,
        FanSpec,
        HumidifierSpec,
        LawnMowerSpec,
        LockSpec,
        NotifySpec,
        NumberSpec,
        SceneSpec,
        SelectSpec,
        SensorSpec,
        SirenSpec,
        SwitchSpec,
        TagSpec,
        TextSpec,
        UpdateSpec,
        VacuumSpec,
        ValveSpec,
        WaterHeaterSpec,
    )
}
TABLE = _ONE_EACH | {"light": light}

# Known components that become no entity, each with the reason that is logged.
IGNORED = dict.fromkeys(("camera", "image"), "a picture's component is not shown by this hub")
