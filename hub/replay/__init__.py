"""Plays a capture of messages to an integration and prints what the hub would make of it."""
