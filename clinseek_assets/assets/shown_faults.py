"""What goes wrong in a step, in words that are fit to be shown."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from sqlalchemy.exc import DBAPIError

from clinseek_assets.faults import Fault
from clinseek_assets.storage.disk_trouble import disk_trouble

PACKAGE = "clinseek_assets"
PLACES = 3
# A database server that is started again is back by then.
AGAIN = dg.RetryPolicy(max_retries=4, delay=5, backoff=dg.Backoff.EXPONENTIAL)
NAMED = 5  # partitions, of those that the same error hit


@contextmanager
def faults_shown() -> Iterator[None]:
    """Turn what goes wrong inside into a `Failure`, without the error that it came from.

    A step is tried again (as its policy says) where the store of events did not answer, and for nothing else: all else
    would only fail again.
    """
    shown: dg.Failure | None = None
    try:
        yield
    except (dg.Failure, dg.DagsterExecutionInterruptedError):
        raise
    except Exception as error:
        shown = dg.Failure(told(error), allow_retries=isinstance(error, DBAPIError))
    if shown is not None:
        raise shown from None  # the error that it came from is not to be kept with it


def told(error: Exception) -> str:
    """An error in words that are fit to be shown.

    A `Fault` keeps its text, and a full or read-only disk is told as such. Of any other error only its kind and the
    places in our code are told, since the texts of engines quote rows of patients.
    """
    if isinstance(error, Fault):
        return str(error)
    return str(disk_trouble(error) or withheld(error))


def withheld(error: Exception) -> str:
    """The kind of an error and where in our code it arose."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if PACKAGE in frame.filename]
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(ours[-PLACES:]))
    return f"{type(error).__name__} at {places}; its text is withheld, since it may quote a row."


def failure_of(failed: Mapping[str, Exception], of_all: int) -> dg.Failure:
    """The failure of a step in which partitions failed: each error once, with the partitions that it hit.

    Args:
        failed: partition -> what went wrong with it; one at least.
        of_all: how many partitions the step had.
    """
    hit: dict[str, list[str]] = {}
    for key, error in failed.items():
        hit.setdefault(told(error), []).append(key)
    if of_all == 1:
        text = next(iter(hit))
    else:
        reasons = [f"{among(keys)}: {reason}" for reason, keys in hit.items()]
        text = "\n".join([f"{len(failed)} of {of_all} partitions failed; the others are recorded.", *reasons])
    return dg.Failure(text, allow_retries=any(isinstance(error, DBAPIError) for error in failed.values()))


def among(keys: Sequence[str]) -> str:
    """The first few partitions, and how many more there are."""
    named, more = ", ".join(keys[:NAMED]), len(keys) - NAMED
    return f"{named} and {more} more" if more > 0 else named
