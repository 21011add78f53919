"""Groups: several entities of one kind under one name."""
