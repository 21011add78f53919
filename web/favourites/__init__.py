"""What each person wants to see first, in an order of their own."""
