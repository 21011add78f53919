"""A device of every kind, with what such a device says: for tests and for looking at pages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from hub.core.kinds import KINDS

if TYPE_CHECKING:
    from tests.web.homes import FakeHome

NOON = "2026-11-23T04:05:00+00:00"


class Made(NamedTuple):
    """One device with one entity."""

    kind: str
    name: str
    room: str
    value: Any
    attributes: dict[str, Any]
    device_class: str | None = None
    unit: str | None = None


EVERY = (
    Made("binary_sensor", "大门", "玄关", False, {}, "door"),
    Made("sensor", "客厅二氧化碳", "客厅", 640, {}, "carbon_dioxide", "ppm"),
    Made("event", "门铃", "玄关", NOON, {"event_type": "press"}, "doorbell"),
    Made("device_automation", "床头按钮", "主卧", NOON, {"type": "single"}),
    Made("device_tracker", "小李的手机", "", "home", {"source_type": "gps"}),
    Made("tag", "门卡", "玄关", NOON, {"tag_id": "04-8F-21"}),
    Made(
        "update",
        "网关固件",
        "",
        True,
        {"installed_version": "1.4.2", "latest_version": "1.5.0", "release_summary": "更稳定。"},
        "firmware",
    ),
    Made("switch", "鱼缸插座", "客厅", True, {}, "outlet"),
    Made(
        "light",
        "客厅主灯",
        "客厅",
        True,
        {
            "supported_color_modes": ["color_temp", "hs"],
            "brightness": 153,
            "color_temp_kelvin": 3200,
            "min_color_temp_kelvin": 2000,
            "max_color_temp_kelvin": 6500,
            "rgb_color": [255, 180, 90],
            "effect_list": ["rainbow", "candle"],
        },
    ),
    Made(
        "fan",
        "新风",
        "客厅",
        True,
        {
            "percentage": 60,
            "percentage_step": 20,
            "preset_modes": ["auto", "sleep"],
            "preset_mode": "auto",
            "oscillating": False,
            "direction": "forward",
        },
    ),
    Made("siren", "门口警号", "玄关", False, {}),
    Made(
        "humidifier",
        "加湿器",
        "主卧",
        True,
        {
            "humidity": 50,
            "current_humidity": 43,
            "available_modes": ["normal", "sleep"],
            "mode": "normal",
            "min_humidity": 30,
            "max_humidity": 80,
        },
        "humidifier",
    ),
    Made("valve", "浇花阀", "阳台", "closed", {"current_position": 0}, "water"),
    Made(
        "cover",
        "主卧窗帘",
        "主卧",
        "open",
        {"current_position": 70, "current_tilt_position": 40},
        "curtain",
    ),
    Made("lock", "入户门锁", "玄关", "locked", {}),
    Made("vacuum", "扫地机", "客厅", "docked", {"battery_level": 88, "fan_speed_list": ["low"]}),
    Made("lawn_mower", "割草机", "阳台", "mowing", {}),
    Made(
        "climate",
        "主卧空调",
        "主卧",
        "cool",
        {
            "hvac_modes": ["off", "heat", "cool", "dry"],
            "current_temperature": 27.5,
            "temperature": 25.0,
            "hvac_action": "cooling",
            "min_temp": 16,
            "max_temp": 30,
            "target_temp_step": 0.5,
            "temperature_unit": "°C",
            "fan_modes": ["auto", "low", "high"],
            "fan_mode": "auto",
        },
    ),
    Made(
        "water_heater",
        "热水器",
        "厨房",
        "eco",
        {
            "operation_list": ["off", "eco", "performance"],
            "current_temperature": 48,
            "temperature": 55,
            "min_temp": 30,
            "max_temp": 75,
            "temperature_unit": "°C",
        },
    ),
    Made(
        "number",
        "灯带延时",
        "客厅",
        30,
        {"min": 0, "max": 120, "step": 5, "mode": "auto"},
        None,
        "s",
    ),
    Made("select", "灯带模式", "客厅", "sleep", {"options": ["sleep", "normal", "party"]}),
    Made("text", "门牌文字", "玄关", "欢迎", {"min": 0, "max": 20, "mode": "text"}),
    Made("button", "网关重启", "", None, {}, "restart"),
    Made("scene", "回家", "玄关", NOON, {}),
    Made("notify", "玄关屏幕", "玄关", None, {}),
    Made(
        "alarm_control_panel",
        "防盗主机",
        "玄关",
        "disarmed",
        {"code_arm_required": False, "code_format": "number"},
    ),
)


def furnish(home: FakeHome) -> dict[str, str]:
    """Put a device of every kind into a home; returns the entity id by kind."""
    found = {}
    for one in EVERY:
        device = home.registry.announce_device("mqtt", (one.name,), name=one.name, area=one.room)
        commands = frozenset(KINDS[one.kind].commands) - {"toggle", "send_command"}
        entity = home.registry.announce(
            "mqtt",
            one.kind,
            one.name,
            suggested_id=f"every_{one.kind}",
            device_id=device.id,
            device_class=one.device_class,
            unit=one.unit,
            commands=commands,
        )
        home.commands.able[entity.entity_id] = commands
        home.states.set(entity.entity_id, one.value, one.attributes, at=time.time() - 3600)
        found[one.kind] = entity.entity_id
    return found
