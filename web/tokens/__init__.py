"""Programs' tokens: made, shown once, listed and revoked."""
