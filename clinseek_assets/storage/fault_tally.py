"""What is wrong with a file of rows: every kind counted over the whole file, the first places of each kind named."""

from __future__ import annotations

NAMED_PLACES = 5


class FaultTally:
    """Counts faults by kind and keeps the first places of each. A kind is a phrase that holds no value of a row."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._places: dict[str, list[str]] = {}

    def add(self, kind: str, place: str) -> None:
        """Count one fault of `kind` at `place` (such as "line 12 (row 3)")."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        places = self._places.setdefault(kind, [])
        if len(places) < NAMED_PLACES:
            places.append(place)

    def __bool__(self) -> bool:
        return bool(self._counts)

    @property
    def counts(self) -> dict[str, int]:
        """How often each kind was found, the most frequent first."""
        return dict(sorted(self._counts.items(), key=lambda item: -item[1]))

    def __str__(self) -> str:
        """One line a kind: its count and its first places."""
        return "\n".join(
            f"  - {kind}: {count:,} (first: {', '.join(self._places[kind])})" for kind, count in self.counts.items()
        )
