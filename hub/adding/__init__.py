"""How devices come into a home: found, announced, filled in by hand, or taken over."""
