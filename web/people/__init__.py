"""The people of the household and where they are signed in."""
