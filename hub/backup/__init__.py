"""hub.backup."""
