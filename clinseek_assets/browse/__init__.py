"""From a cell of the tables to the questions behind it: a local, read-only page, and logs for Inspect AI."""
