"""One script per version, oldest first."""
