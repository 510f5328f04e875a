"""What goes wrong in a step, in words that are fit to be shown."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from clinseek_assets.faults import Fault

PACKAGE = "clinseek_assets"
PLACES = 3


@contextmanager
def faults_shown() -> Iterator[None]:
    """Turn what goes wrong inside into a `Failure`, without the error that it came from.

    A `Fault` keeps its text. Of any other error only its kind and the places in our code are told, since the texts of
    engines quote rows of patients.
    """
    shown: dg.Failure | None = None
    try:
        yield
    except Fault as fault:
        shown = dg.Failure(str(fault), allow_retries=False)
    except (dg.Failure, dg.DagsterExecutionInterruptedError):
        raise
    except Exception as error:
        ours = [frame for frame in traceback.extract_tb(error.__traceback__) if PACKAGE in frame.filename]
        places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(ours[-PLACES:]))
        shown = dg.Failure(f"{type(error).__name__} at {places}; its text is withheld, since it may quote a row.")
    if shown is not None:
        raise shown from None  # the error that it came from is not to be kept with it
