"""community.core."""
