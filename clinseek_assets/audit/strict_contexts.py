"""What the `curated_strict` arm is shown, held against the naive oracle.

A strict context is rendered once more, out of the rows that the oracle calls visible instead of those that a pinned
record serves. If both texts are the same, no value in it was unknown at the moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clinseek_assets.audit.cases import StrictContext
from clinseek_assets.audit.life import Row
from clinseek_assets.contexts.rendering import latest_bracketed_time, render_input
from clinseek_assets.contexts.strict import strict_window
from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets.timeline.events import trajectory_of


@dataclass(frozen=True)
class ContextFinding:
    """Of one strict context, whether a time in brackets is not before the moment, and whether the oracle's differs."""

    too_late: bool
    differs: bool


def look_at(context: StrictContext, visible: Mapping[str, Sequence[Row]], dictionaries: Dictionaries) -> ContextFinding:
    """Judge one strict context.

    Args:
        context: what is shown.
        visible: table -> the rows that the oracle calls visible.
        dictionaries: what codes mean.
    """
    latest = latest_bracketed_time(context.text)
    too_late = latest is not None and latest >= context.published.pin.prediction_time
    return ContextFinding(too_late, rendered(context, visible, dictionaries) != context.text)


def rendered(context: StrictContext, visible: Mapping[str, Sequence[Row]], dictionaries: Dictionaries) -> str:
    """The strict context as it is with the oracle's rows; a column that is not served is missing in all of them."""
    rows = {
        name: [{**dict.fromkeys(table.column_names), **row} for row in visible.get(name, ())]
        for name, table in PATIENT_TABLES.items()
    }
    beginning = context.published.beginning
    trajectory = trajectory_of(rows, dictionaries, apart_at=beginning.start if beginning else None)
    return render_input(strict_window(trajectory, context.published))
