"""`linli doctor`: looks whether a home, a community or a relay is well, and says what to do."""
