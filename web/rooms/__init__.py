"""The rooms: a page of tiles for each, and where they are made, named and put in order."""
