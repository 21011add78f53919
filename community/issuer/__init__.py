"""community.issuer."""
