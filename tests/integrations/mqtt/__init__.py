"""Tests of the MQTT integration."""
