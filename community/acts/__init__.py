"""What residents tell the community on purpose, as themselves, on a link of its own."""
