"""A range of partitions as the tags of one run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from clinseek_assets.partitions import cell

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
    the asset itself where it is up to date. On a grid a run is of one model. An unpartitioned asset, whose only key is
    None, has a run without tags.

    Args:
        keys: all partitions, in their order.
        allowed: those that may be made.
        wanted: those that must be made.
    """
    chosen = set(wanted)
    for _, block in groupby(keys, key=lambda key: (key in allowed, model_of(key))):
        if of_run := [key for key in block if key in chosen]:
            yield of_range(of_run[0], of_run[-1]) if of_run[0] and of_run[-1] else {}


def model_of(key: str | None) -> str:
    """The model of a grid's key; nothing for keys of one dimension."""
    return cell(key)[0] if key and "|" in key else ""
