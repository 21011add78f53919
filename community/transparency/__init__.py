"""The community's log as anyone may follow it."""
