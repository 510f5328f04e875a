"""The pinned record: one patient, seen at one moment, enforced by SQLite itself."""
