"""Lines of a shell taken apart, and `clinseek` commands held against the real command line without running them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

import click

from clinseek_assets.assets.splits import SPLITS
from clinseek_assets.cli import clinseek

SEPARATORS = {"&&", "||", "|", ";", "&", "(", ")", ";;"}
ASSIGNMENT = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*=")
PLACEHOLDER = re.compile(r"^[A-Z][A-Z_./]*$|[$<]")
COMMENT = re.compile(r"(^|\s)#.*$")
JOINED = re.compile(r"\d?>&\d?")
REDIRECTION = re.compile(r"^\d?(>>?|<)")
KEYWORDS = {"export", "do", "then", "else", "time", "exec", "while", "if", "nohup"}
SUBTASKS = {subtask for split in SPLITS.values() for subtask in split.subtasks}


@dataclass(frozen=True)
class Command:
    """One simple command: what is set before it, and its words; `words` is empty for assignments alone."""

    assigned: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def program(self) -> str:
        """The program, without its folder."""
        return self.words[0].rpartition("/")[2] if self.words else ""


def commands_of(text: str) -> Iterator[Command]:
    """The simple commands of a block, in order; comments and redirections are left out."""
    for line in text.replace("\\\n", " ").splitlines():
        words: list[str] = []
        for word in [*_words(line), ";"]:
            if word not in SEPARATORS:
                words.append(word)
            elif words:
                yield _command(words)
                words = []


def _words(line: str) -> list[str]:
    lexer = shlex.shlex(JOINED.sub("", COMMENT.sub("", line)), posix=True, punctuation_chars="&|;()")
    lexer.whitespace_split, lexer.commenters = True, ""
    return list(lexer)


def _command(words: list[str]) -> Command:
    while words and words[0] in KEYWORDS:
        words = words[1:]
    assigned = []
    while words and ASSIGNMENT.match(words[0]):
        assigned.append(words[0])
        words = words[1:]
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif REDIRECTION.match(word):
            skip = not REDIRECTION.sub("", word)
        else:
            kept.append(word)
    return Command(tuple(assigned), tuple(kept))


def wrong_usage(arguments: list[str], *, lenient: bool = False) -> str | None:
    """Why `clinseek` would not take these arguments; None where it would. Files need not be there.

    Args:
        arguments: what follows `clinseek`.
        lenient: a mention in a sentence: what a command needs may be left out.
    """
    context = click.Context(clinseek, info_name="clinseek")
    command: click.Command = clinseek
    try:
        while isinstance(command, click.Group):
            if not arguments or arguments[0].startswith("-"):
                return _parsed(command, context, arguments, lenient=True)
            found = command.get_command(context, arguments[0])
            if found is None:
                return f"«{context.command_path}» has no command «{arguments[0]}»"
            context = click.Context(found, info_name=arguments[0], parent=context)
            command, arguments = found, arguments[1:]
        return _parsed(command, context, arguments, lenient=lenient)
    except click.UsageError as error:
        return f"{context.command_path}: {error.format_message()}"


def _parsed(command: click.Command, context: click.Context, arguments: list[str], *, lenient: bool) -> str | None:
    context.resilient_parsing = lenient
    values, rest, _ = command.make_parser(context).parse_args(list(arguments))
    if rest and not lenient:
        return f"{context.command_path}: {rest[0]!r} is one argument too many"
    for parameter in command.get_params(context):
        given = values.get(parameter.name)
        # click marks what was not given in its own way, which differs between its versions.
        if given is None or type(given).__name__ == "Sentinel" or given == ():
            if parameter.required and not lenient and "--help" not in arguments:
                return f"{context.command_path}: {parameter.opts[0]} is needed"
        elif reason := _unfit(parameter, context, given):
            return reason
    return None


def _unfit(parameter: click.Parameter, context: click.Context, given: object) -> str | None:
    """Why a value is none that the option takes; placeholders in capitals and paths may be anything."""
    values = given if isinstance(given, list | tuple) else [given]
    for value in values:
        if isinstance(parameter.type, click.Path | click.File) or PLACEHOLDER.search(str(value)):
            continue
        parameter.type.convert(value, parameter, context)
        if parameter.name == "subtasks" and value not in SUBTASKS:
            return f"{context.command_path}: there is no subtask «{value}»"
    return None
