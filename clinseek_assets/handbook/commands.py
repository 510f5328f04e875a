"""The page of the commands: usage, options and examples, as `--help` tells them."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator, Sequence
from itertools import pairwise

import click

from clinseek_assets.cli import COMMANDS, clinseek
from clinseek_assets.handbook.markdown import table

HEAD = """# Commands

Exit code 0 is done, 1 «the data or the run is not as it should be» with the reason, 2 wrong usage. `clinseek` lies in
`.venv/bin/`; every command has `--help`.
"""
MOST_CHOICES = 8  # more words than these are told as their number
# The tests of the documentation's commands hold these against the real command line, and run none of them.
NOT_RUN = "<!-- not run: an example of the command's own help -->"
EXAMPLE = re.compile(r"Examples?\b[^\n]*")


def commands_page() -> Iterator[str]:
    """Every command and subcommand."""
    yield HEAD
    context = click.Context(clinseek, info_name="clinseek")
    for name in COMMANDS:
        command = clinseek.get_command(context, name)
        if command is not None:
            yield from of_command(command, click.Context(command, info_name=name, parent=context), 2)


def of_command(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    """One command, and below it its subcommands."""
    yield from (f"{'#' * level} `{context.command_path}`", "")
    yield from explained(inspect.cleandoc(command.help or ""))
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield from ("```text", usage, "```", "")
    yield from table(("option", "what it does"), options_of(command, context))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from of_command(below, click.Context(below, info_name=name, parent=context), level + 1)


def options_of(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """The options with their help; `--help` itself goes without saying."""
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record and "--help" not in parameter.opts:
            yield f"`{spelled(parameter, ' '.join(record[0].split()))}`", " ".join(record[1].split())


def spelled(parameter: click.Parameter, record: str) -> str:
    """An option as `--help` spells it, without a long list of the words that it takes."""
    if isinstance(parameter.type, click.Choice) and len(parameter.type.choices) > MOST_CHOICES:
        return f"{record.partition('[')[0]}[one of {len(parameter.type.choices)}]"
    return record


def explained(text: str) -> Iterator[str]:
    r"""A help text: paragraphs as they are, what click does not wrap (`\b`) as code, examples as commands."""
    for part in text.split("\n\n"):
        if part.startswith("\b"):
            yield from as_written([line for line in part.splitlines() if line != "\b"])
        else:
            yield from (" ".join(part.split()), "")


def as_written(lines: Sequence[str]) -> Iterator[str]:
    """Lines that stand as they are written: below each line «Example» commands, all else as text."""
    heads = [place for place, line in enumerate(lines) if EXAMPLE.fullmatch(line)]
    if not heads:
        yield from ("```text", *lines, "```", "")
    for begin, end in pairwise([*heads, len(lines)]):
        shown = textwrap.dedent("\n".join(lines[begin + 1 : end])).strip("\n")
        yield from (f"{lines[begin].rstrip(':')}:", "", NOT_RUN, "```sh", shown, "```", "")
