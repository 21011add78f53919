"""Short keys that discovery payloads may use (home-assistant.io, MQTT, "Discovery payload").

Only those of the components in ``components.TABLE`` and of what all components share.
"""

from __future__ import annotations

SHARED = {
    "avty": "availability",
    "avty_mode": "availability_mode",
    "avty_t": "availability_topic",
    "avty_tpl": "availability_template",
    "cmps": "components",
    "cmd_t": "command_topic",
    "cmd_tpl": "command_template",
    "def_ent_id": "default_entity_id",
    "dev": "device",
    "dev_cla": "device_class",
    "e": "encoding",
    "en": "enabled_by_default",
    "ent_cat": "entity_category",
    "ic": "icon",
    "json_attr": "json_attributes",
    "json_attr_t": "json_attributes_topic",
    "json_attr_tpl": "json_attributes_template",
    "o": "origin",
    "obj_id": "object_id",
    "opt": "optimistic",
    "p": "platform",
    "pl_avail": "payload_available",
    "pl_not_avail": "payload_not_available",
    "ret": "retain",
    "stat_t": "state_topic",
    "t": "topic",
    "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
}

COMPONENTS = {
    "av_tones": "available_tones",
    "cmd_off_tpl": "command_off_template",
    "exp_aft": "expire_after",
    "frc_upd": "force_update",
    "lrst_val_tpl": "last_reset_value_template",
    "off_dly": "off_delay",
    "ops": "options",
    "pl_cls": "payload_close",
    "pl_off": "payload_off",
    "pl_on": "payload_on",
    "pl_open": "payload_open",
    "pl_stop": "payload_stop",
    "pos_clsd": "position_closed",
    "pos_open": "position_open",
    "stat_cla": "state_class",
    "stat_clsd": "state_closed",
    "stat_closing": "state_closing",
    "stat_off": "state_off",
    "stat_on": "state_on",
    "stat_open": "state_open",
    "stat_opening": "state_opening",
    "stat_val_tpl": "state_value_template",
    "sug_dsp_prc": "suggested_display_precision",
    "sup_dur": "support_duration",
    "sup_vol": "support_volume_set",
}

DEVICE = {
    "cns": "connections",
    "cu": "configuration_url",
    "hw": "hw_version",
    "ids": "identifiers",
    "mdl": "model",
    "mdl_id": "model_id",
    "mf": "manufacturer",
    "sa": "suggested_area",
    "sn": "serial_number",
    "sw": "sw_version",
}

PAYLOAD = SHARED | COMPONENTS


def expand(data: dict[str, object], table: dict[str, str]) -> dict[str, object]:
    """The same data under full keys; where both forms are present, the full one counts."""
    full = {table[key]: value for key, value in data.items() if key in table}
    full.update({key: value for key, value in data.items() if key not in table})
    return full
