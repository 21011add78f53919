"""community.gateway."""
