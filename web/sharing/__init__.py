"""What left the home, the choices about it, and the consent ledger."""
