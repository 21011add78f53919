"""Who outside the home is told in an alarm: the page, and the words for it on other pages."""
