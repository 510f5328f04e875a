"""The report's plots: each module draws one kind, and gives nothing where there is nothing to show."""
