"""Counts and figures of few patients, which may single out somebody, are left out of what may leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LEFT_OUT = "few"
"""What stands in place of a count or figure that is left out."""


def shown(value: Any, patients: int, fewest: int) -> Any:
    """A figure, or the word for one that is of fewer patients than may be shown; of nobody there is nothing to hide."""
    return value if patients >= fewest or patients == 0 else LEFT_OUT


def counts_shown(counts: Mapping[str, int], patients: Mapping[str, int], fewest: int) -> dict[str, Any]:
    """Counts that add up to a known total, those of too few patients left out.

    Where exactly one would be left out, the total and the others would tell it: the next smallest goes with it.

    Args:
        counts: part -> how many.
        patients: part -> of how many patients.
        fewest: of how many patients a count must at least be.
    """
    hidden = {name for name, count in counts.items() if count and patients[name] < fewest}
    rest = [name for name, count in counts.items() if count and name not in hidden]
    if len(hidden) == 1 and rest:
        hidden.add(min(rest, key=lambda name: (counts[name], name)))
    return {name: LEFT_OUT if name in hidden else count for name, count in counts.items()}
