"""One patient's life as the benchmark orders it: events, windows cut out of it, and what hangs on them."""
