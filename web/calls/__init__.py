"""Calling for help on any page of the home, and alarms that sound on every screen."""
