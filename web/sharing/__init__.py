"""What left the home, the purposes and their notices, the choices, and the consent ledger."""
