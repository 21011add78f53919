"""The home on a broker of its own: Mosquitto with TLS, passwords and rules."""
