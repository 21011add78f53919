"""What each kind of entity looks like: words for its states, pictures, controls and facts."""
