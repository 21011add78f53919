"""What is kept of the history, how long, and erasing it."""
