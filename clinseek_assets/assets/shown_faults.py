"""What goes wrong in a step, in words that are fit to be shown."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
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


@contextmanager
def faults_shown() -> Iterator[None]:
    """Turn what goes wrong inside into a `Failure`, without the error that it came from.

    A `Fault` keeps its text, and a full or read-only disk is told as such. Of any other error only its kind and the
    places in our code are told, since the texts of engines quote rows of patients. A step is tried again (as its
    policy says) where the store of events did not answer, and for nothing else: all else would only fail again.
    """
    shown: dg.Failure | None = None
    try:
        yield
    except Fault as fault:
        shown = dg.Failure(str(fault), allow_retries=False)
    except (dg.Failure, dg.DagsterExecutionInterruptedError):
        raise
    except Exception as error:
        told = str(disk_trouble(error) or withheld(error))
        shown = dg.Failure(told, allow_retries=isinstance(error, DBAPIError))
    if shown is not None:
        raise shown from None  # the error that it came from is not to be kept with it


def withheld(error: Exception) -> str:
    """The kind of an error and where in our code it arose."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if PACKAGE in frame.filename]
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(ours[-PLACES:]))
    return f"{type(error).__name__} at {places}; its text is withheld, since it may quote a row."
