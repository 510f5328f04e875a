"""A range of partitions as the tags of one run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from clinseek_assets.partitions import cell, grid_key

START = "dagster/asset_partition_range_start"
END = "dagster/asset_partition_range_end"


def of_range(first: str, last: str) -> dict[str, str]:
    """The tags of a run over the partitions from `first` to `last`."""
    return {START: first, END: last}


def runs_over(
    keys: Sequence[str | None], allowed: Collection[str | None], wanted: Collection[str | None]
) -> Iterator[dict[str, str]]:
    """The tags of as few runs as hold the wanted partitions, none of which leaves the allowed ones.

    A run's range goes from its first wanted partition to its last; what lies between must be allowed, and is skipped by
    the asset itself where it is up to date. On a grid a range is a rectangle: neighbouring models that have the same
    subtasks to do share a run, since a run has its models answer side by side. An unpartitioned asset, whose only key
    is None, has a run without tags.

    Args:
        keys: all partitions, in their order.
        allowed: those that may be made.
        wanted: those that must be made.
    """
    chosen = set(wanted)
    places = {model: place for place, model in enumerate(dict.fromkeys(map(model_of, keys)))}
    rectangles: list[Rectangle] = []
    for _, block in groupby(keys, key=lambda key: (key in allowed, model_of(key))):
        if not (of_run := [key for key in block if key in chosen]):
            continue
        first, last = of_run[0], of_run[-1]
        if first is None or last is None:
            yield {}
        elif not model_of(first):
            yield of_range(first, last)
        else:
            (model, start), (_, end) = cell(first), cell(last)
            rectangles.append(Rectangle(model, model, start, end))
    for one in joined(rectangles, places):
        yield of_range(grid_key(one.first_model, one.start), grid_key(one.last_model, one.end))


@dataclass(frozen=True)
class Rectangle:
    """The cells of some neighbouring models and of some neighbouring subtasks."""

    first_model: str
    last_model: str
    start: str
    end: str


def joined(rectangles: Sequence[Rectangle], places: Mapping[str, int]) -> list[Rectangle]:
    """The same cells in fewer rectangles: those of neighbouring models with the same subtasks are made one."""
    found: dict[tuple[str, str], list[Rectangle]] = {}
    for one in rectangles:
        alike = found.setdefault((one.start, one.end), [])
        if alike and places[alike[-1].last_model] + 1 == places[one.first_model]:
            alike[-1] = Rectangle(alike[-1].first_model, one.last_model, one.start, one.end)
        else:
            alike.append(one)
    return [one for alike in found.values() for one in alike]


def model_of(key: str | None) -> str:
    """The model of a grid's key; nothing for keys of one dimension."""
    return cell(key)[0] if key and "|" in key else ""
