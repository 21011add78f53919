"""Tests of a running home."""
