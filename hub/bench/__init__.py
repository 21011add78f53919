"""``linli bench``: measures this machine, one JSON line a figure."""
