"""`clinseek`: the command line. A command's own file is `commands/<name>.py`; it is imported when it is called.

Exit codes: 0 for done, 1 for «the data or the run is not as it should be» with the reason, 2 for wrong usage.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import click

from clinseek_assets import __version__
from clinseek_assets.faults import Fault

# Name on the command line -> one line of help, in the order in which a newcomer meets them.
COMMANDS = {
    "demo": "Synthetic data, the whole graph, the leaderboard.",
    "demo-llm": "A real, small language model on this machine, in all arms.",
    "ui": "The web page: lineage, checks, backfills.",
    "worker": "Execute steps for a head on another machine (Celery).",
    "doctor": "Which inputs are there, their versions, what is missing and where to get it.",
    "store": "What several machines share: how it stands, giving, bringing, tidying.",
    "synthesize": "Only the synthetic release and its source datasets.",
    "build-manifest": "Questions by the published rules from any MIMIC-IV root.",
    "patient-databases": "The databases of a manifest's patients, without Dagster.",
    "validate": "Every released count, every linked artifact.",
    "export": "The rebuilt benchmark in the published layout, for the published drivers.",
    "seal": "Shareable hashes of the rebuilt benchmark.",
    "verify": "What was rebuilt, held against a seal: identical, or what differs.",
    "evaluate": "Run a model over the benchmark; what is there is kept.",
    "score": "Score a results file, the published drivers' own format included.",
    "rescored": "What a new version of the scorer changed, question by question.",
    "leaderboard": "The published table layout, with coverage.",
    "campaign-record": "What a paper's methods section needs, and the tables for print.",
    "show": "One question's exchange, arms side by side.",
    "browse": "From a cell to the questions behind it: a local page, for reading only.",
    "inspect-logs": "What was answered as logs that `inspect view` opens.",
    "why-miss": "Why a kept answer is not taken again: which part of its identity changed.",
    "tools": "The EHR tools of one question's record, by hand or over MCP.",
    "clean": "What CLINSEEK_HOME takes on the disk, and what of it can go.",
    "metrics": "Figures for Prometheus: runs, answers, calls, money, disk.",
    "models": "The registry of models, and whether each endpoint answers.",
}


class LazyCommands(click.Group):
    """Commands by name, each imported only when it is asked for, so that `--help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of the catalogue."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, out of its own module's `command`."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"clinseek_assets.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands from the catalogue: no module is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="clinseek")
def clinseek() -> None:
    """Rebuild ClinSeek-Bench from your own clinical data, run models over it, read the tables."""


def main() -> None:
    """Entry point: a fault of the data or the run ends with its reason and exit code 1, never with a traceback."""
    try:
        sys.exit(clinseek(standalone_mode=False))  # else click would end an interrupted command by itself
    except Fault as fault:
        click.echo(f"clinseek: {fault}", err=True)
        sys.exit(1)
    except click.ClickException as wrong_usage:
        wrong_usage.show()
        sys.exit(wrong_usage.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("clinseek: interrupted; what was finished is kept, and the same command continues.", err=True)
        sys.exit(130)
    except Exception as error:
        if (trouble := _of_the_disk(error)) is None:
            raise
        click.echo(f"clinseek: {trouble}", err=True)
        sys.exit(1)


def _of_the_disk(error: Exception) -> Fault | None:
    """The fault of a file that cannot be used, whichever library met it (the event log, a database, a table)."""
    from clinseek_assets.storage.disk_trouble import disk_trouble

    if isinstance(error, PermissionError):
        return _told(error)
    return disk_trouble(error) or (_told(error) if isinstance(error, OSError) else None)


def _told(error: OSError) -> Fault:
    """What the system said of a file, by its folder alone: a patient database's own name is a patient's id."""
    name = error.filename
    where = f"in {Path(str(name)).absolute().parent} " if isinstance(name, str | Path) else ""
    return Fault(
        f"A file or folder {where}cannot be used ({error.strerror or type(error).__name__}).",
        mend="Check the path, your permissions there and the room on the disk.",
    )
