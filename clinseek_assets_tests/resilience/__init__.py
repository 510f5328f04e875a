"""What the whole has to stand: kills at any moment, days of work, a full disk, a wrong clock, two at once."""
