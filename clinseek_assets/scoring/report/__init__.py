"""The report that people read: both leaderboards with their plots, one self-contained page."""
