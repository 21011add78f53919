"""What the home keeps of the person who looks, to read and to take away."""
