"""The log of what must be the same for everyone, and the witnesses who see that it is."""
