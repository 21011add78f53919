"""community.incidents."""
