"""Tests of the integrations, which know the hub by hub.api and hub.testing."""
