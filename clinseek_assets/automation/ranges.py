"""A range of partitions as the tags of one run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from clinseek_assets.partitions import cell

START = "dagster/asset_partition_range_start"
END = "dagster/asset_partition_range_end"


def of_range(first: str, last: str) -> dict[str, str]:
    """The tags of a run over the partitions from `first` to `last`."""
    return {START: first, END: last}


def runs_over(keys: Sequence[str | None], wanted: Iterable[str | None]) -> Iterator[dict[str, str]]:
    """The tags of as few runs as hold the wanted partitions: one run, or one a model on a grid.

    A run's range goes from its first wanted partition to its last; what lies between and is up to date is skipped by
    the asset itself. An unpartitioned asset, whose only key is None, has a run without tags.
    """
    chosen = set(wanted)
    in_order = [key for key in keys if key in chosen]
    for _, run in groupby(in_order, key=lambda key: cell(key)[0] if key and "|" in key else ""):
        of_run = list(run)
        yield of_range(of_run[0], of_run[-1]) if of_run[0] and of_run[-1] else {}
