"""`clinseek browse`: from a cell to the questions behind it, on a local page."""

from __future__ import annotations

from contextlib import nullcontext, suppress

import click

from clinseek_assets.faults import Fault
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.resources.home import Home


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=3100, show_default=True, help="0 takes any free one.")
@click.option("--no-open", is_flag=True, help="Only print the address; open no browser.")
def command(port: int, no_open: bool) -> None:
    """Look at what was answered: cells of subtask, model and arm, the questions behind them, each whole exchange.

    The page is served on this machine alone (127.0.0.1), under an address with a random token; it is for reading only,
    loads nothing from elsewhere, and holds protected data. It works while a run goes on: load it anew to see what
    was answered since. Stop it with Ctrl-C.

    \b
    Examples:
      clinseek browse
      clinseek browse --port 3111 --no-open
    """
    from clinseek_assets.browse.library import Library  # here, since they take long to load
    from clinseek_assets.browse.serving import Served, listening, opened_in_a_browser

    library = Library(Home.of(load_settings()))
    with suppress(Fault):  # the page itself says what is missing
        library.answers()  # read once now, so that the first page is there at once
    with listening(port) as listener:
        served = Served(library, listener)
        click.echo(f"{served.address}\nFor reading only; keep the address to yourself. Stop with Ctrl-C.", err=True)
        with suppress(KeyboardInterrupt), nullcontext() if no_open else opened_in_a_browser(served.address):
            served.run()
