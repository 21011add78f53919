"""hub.plugins."""
