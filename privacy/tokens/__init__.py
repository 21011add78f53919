"""One-time tokens: an event comes from some enrolled household, and from which nobody learns."""
