"""A step at its work: the home is in use meanwhile, and the run is known by its process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from clinseek_assets.assets.shown_faults import faults_shown
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.run_launcher import name_process
from clinseek_assets.storage.working_here import working_here


@contextmanager
def at_work(context: dg.AssetExecutionContext, home: Home) -> Iterator[None]:
    """What a step does inside keeps `clinseek clean` away, and is missed where the process is killed.

    Raises:
        Failure: of what goes wrong inside, in words that are fit to be shown.
    """
    with faults_shown(), working_here(home.layout.home):
        name_process(context.instance, context.run)
        yield
