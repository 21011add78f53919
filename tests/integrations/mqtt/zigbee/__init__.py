"""Zigbee2MQTT, the real program, with a radio of ours instead of a USB stick."""
