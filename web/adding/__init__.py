"""The pages on which devices come into the home."""
