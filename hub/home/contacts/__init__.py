"""Whom a household lets its home tell in an alarm: who, of what, when, and what became of it."""
