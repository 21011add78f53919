"""Tests of the door that integrations come through."""
