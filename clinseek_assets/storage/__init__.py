"""Files that appear whole or not at all, and the fingerprints by which a re-run knows that nothing changed."""
