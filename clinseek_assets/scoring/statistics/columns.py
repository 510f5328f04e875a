"""The columns of the tables, as sets of subtasks with weights: each subtask, category and task type, and overall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy

from clinseek_assets.benchmark.subtasks import SUBTASKS

MICRO = "micro"
MACRO = "macro"
OVERALL = "overall"


@dataclass(frozen=True)
class Column:
    """One figure of the tables.

    Attributes:
        name: a subtask (in the multimodal split a group), a category, a task type or `overall`.
        level: which of these it is: `subtask`, `category`, `task_type` or `overall`.
        weighting: `micro` counts questions alike, `macro` subtasks; a subtask alone has `micro` only, both being equal.
        members: the positions of its subtasks.
    """

    name: str
    level: str
    weighting: str
    members: numpy.ndarray


def columns_of(task_type_of: Mapping[str, str], task_types: Sequence[str]) -> list[Column]:
    """The columns over some subtasks, subtasks first.

    A category that has the name of its only subtask is that subtask, and is listed as such only.

    Args:
        task_type_of: subtask -> task type, in the order of the subtasks' positions.
        task_types: the task types that the tables have as columns.
    """
    names = list(task_type_of)
    categories = {name: SUBTASKS[name].category for name in names if name in SUBTASKS}
    groups: dict[tuple[str, str], list[int]] = {}
    for position, name in enumerate(names):
        category, task_type = categories.get(name), task_type_of[name]
        if category and category not in categories:
            groups.setdefault(("category", category), []).append(position)
        if task_type in task_types:
            groups.setdefault(("task_type", task_type), []).append(position)
        groups.setdefault(("overall", OVERALL), []).append(position)
    levels = ["category", "task_type", "overall"]
    order = [*sorted(set(categories.values())), *task_types, OVERALL]
    alone = [Column(name, "subtask", MICRO, numpy.array([position])) for position, name in enumerate(names)]
    together = [
        Column(name, level, weighting, numpy.array(members))
        for (level, name), members in sorted(groups.items(), key=lambda each: _rank(each[0], levels, order))
        for weighting in (MICRO, MACRO)
    ]
    return alone + together


def _rank(group: tuple[str, str], levels: list[str], order: list[str]) -> tuple[int, int]:
    return levels.index(group[0]), order.index(group[1])


def subtask_weights(sizes: numpy.ndarray, column: Column) -> numpy.ndarray:
    """The weight of each subtask's mean in a column's mean: subtasks × series.

    Args:
        sizes: subtasks × series, the number of questions; subtasks without any have no weight.

    Returns:
        n_k/n for micro, 1/K for macro, over the column's subtasks; 0 elsewhere; all 0 for a series without a question.
    """
    shares = numpy.zeros_like(sizes)
    shares[column.members] = sizes[column.members] if column.weighting == MICRO else sizes[column.members] > 0
    return shares / numpy.maximum(shares.sum(axis=0), 1.0)


def weights_of(subtasks: numpy.ndarray, weighting: str) -> numpy.ndarray:
    """One weight a question: `micro` counts questions alike (1/n), `macro` subtasks (1/(K·n_k))."""
    if weighting == MICRO:
        return numpy.full(len(subtasks), 1 / len(subtasks))
    _, subtask_of, sizes = numpy.unique(subtasks, return_inverse=True, return_counts=True)
    return (1 / (len(sizes) * sizes))[subtask_of]
