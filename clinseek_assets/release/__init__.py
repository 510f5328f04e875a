"""A release and what was rebuilt of it, as a whole: whether all of it is there, and its export as published."""
