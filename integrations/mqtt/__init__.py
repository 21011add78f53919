"""integrations.mqtt."""
