"""Whole journeys: the real commands as processes, from a device to the duty screen."""
