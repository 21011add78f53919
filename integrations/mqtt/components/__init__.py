"""One module per discovery component; a new one is a file and a line in ``TABLE``."""

from __future__ import annotations

from integrations.mqtt.components.binary_sensor import BinarySensorSpec
from integrations.mqtt.components.sensor import SensorSpec
from integrations.mqtt.components.siren import SirenSpec
from integrations.mqtt.components.switch import SwitchSpec
from integrations.mqtt.components.valve import ValveSpec
from integrations.mqtt.spec import Spec

TABLE: dict[str, type[Spec]] = {
    spec.kind: spec for spec in (BinarySensorSpec, SensorSpec, SirenSpec, SwitchSpec, ValveSpec)
}
