"""How devices and hub are: what needs a person first, batteries, signals, disk."""
