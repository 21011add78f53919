"""Tests of hub.history."""
