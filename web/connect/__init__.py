"""How a device is connected: the broker's address, and a user and password for each device."""
