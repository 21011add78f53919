"""What a resident sees first: how things are, alarms, live tiles, what waits."""
