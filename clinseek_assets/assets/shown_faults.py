"""What goes wrong in a step, in words that are fit to be shown."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import dagster as dg
from sqlalchemy.exc import DBAPIError

from clinseek_assets.faults import Fault
from clinseek_assets.storage.disk_trouble import disk_trouble

PACKAGE = "clinseek_assets"
PLACES = 3
# A database server that is started again is back by then. No step has a retry policy: Dagster would apply it to a step
# that somebody has stopped as well, and begin it anew.
MOST_RETRIES = 4
RETRY_SECONDS = 20
NAMED = 5  # partitions, of those that the same error hit


@contextmanager
def faults_shown() -> Iterator[None]:
    """Turn what goes wrong inside into a `Failure`, without the error that it came from.

    A step is tried again where the store of events did not answer, and for nothing else: all else would only fail
    again.
    """
    shown: dg.Failure | None = None
    try:
        yield
    except (dg.Failure, dg.RetryRequested, dg.DagsterExecutionInterruptedError):
        raise
    except Exception as error:
        shown = dg.Failure(told(error), allow_retries=isinstance(error, DBAPIError))
    if shown is not None:
        end_with(shown)  # here, since the error that it came from is not to be kept with it


def end_with(failure: dg.Failure) -> NoReturn:
    """End a step with a failure, or with the wish to be begun again where that is of use.

    Raises:
        Failure: the failure.
        RetryRequested: it is worth another try; its cause is the failure, which is told where all tries are used up.
    """
    if failure.allow_retries:
        raise dg.RetryRequested(max_retries=MOST_RETRIES, seconds_to_wait=RETRY_SECONDS) from failure
    raise failure from None


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
