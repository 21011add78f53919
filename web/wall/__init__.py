"""The home on a screen on the wall: readable from 2 m, for whoever stands before it."""
