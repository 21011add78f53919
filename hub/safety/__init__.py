"""The hazard kernel: a process of its own that acts first and reports afterwards.

It detects what `table.py` has a row for, commands the actuators that the resident bound, and
tells the home about it. It waits for nothing: no home process, no database, no network, no
unlock.
"""
