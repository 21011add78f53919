"""hub.demo."""
