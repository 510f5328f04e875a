"""What a monitoring system asks of a home."""
