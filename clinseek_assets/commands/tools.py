"""`clinseek tools`: the EHR tools of one question's record, by hand or for an MCP client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.records.pinned.pin import Policy
from clinseek_assets.records.tools.catalogue import PREFIX
from clinseek_assets.records.tools.specs import Toolbox, ToolSpec
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.record_tools import record_tools
from clinseek_assets.resources.told_answers import question_of

Transport = Literal["stdio", "http"]
AS_JSON = ("[", "{", '"')  # how a value begins that is read as JSON; any other is taken as it is written


@click.group()
def command() -> None:
    """The tools that a model gets, on the record of one question: one patient, as known at one moment.

    What they print comes out of the patient's record. --policy says what may be seen: `strict` is what was known at the
    moment, `compat` the published rule of time.

    \b
    Examples:
      clinseek tools list --qid QID
      clinseek tools call get_table_names --qid QID
      clinseek tools call get_records_by_keyword table_name=labevents keyword=sodium --qid QID
      clinseek tools serve --qid QID --client my-desktop
    """


def of_a_question(function: Callable[..., None]) -> Callable[..., None]:
    """The options that name a question's record."""
    options = (
        click.option("--qid", required=True, help="The question, by its id in the manifest."),
        click.option(
            "--policy",
            type=click.Choice(["strict", "compat"]),
            default="strict",
            show_default=True,
            help="What may be seen.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


AS_ONE_OBJECT = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@command.command("list", short_help="The tools that work here, and what they take.")
@of_a_question
@AS_ONE_OBJECT
def list_tools(qid: str, policy: Policy, as_json: bool) -> None:
    """The tools that a model is offered for this question, as it is told of them.

    \b
    Example:
      clinseek tools list --qid QID --json
    """
    with opened(qid, policy) as at:
        if as_json:
            told = {"policy": policy, "version": at.tools.version, "tools": [asdict(spec) for spec in at.tools.specs]}
            click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        else:
            Console().print(_table(at.tools.specs))


@command.command("call", short_help="Run one tool.")
@click.argument("tool")
@click.argument("arguments", metavar="[KEY=VALUE]…", nargs=-1)
@of_a_question
@AS_ONE_OBJECT
@click.pass_context
def call_tool(
    context: click.Context, tool: str, arguments: Sequence[str], qid: str, policy: Policy, as_json: bool
) -> None:
    """Run one tool and print its reply, as a model would read it.

    TOOL may be written without `ehr.`. Patient and moment are the question's: subject_id and timestamp may be left out,
    and others are refused. A value that begins with [, { or " is read as JSON. Exits with 1 where the tool refuses.

    \b
    Examples:
      clinseek tools call load_ehr --qid QID
      clinseek tools call get_records_by_time table_name=labevents start_time=2150-06-09 end_time=2150-06-10 --qid QID
      clinseek tools call run_sql_query sql_query="SELECT label, count(*) FROM labevents GROUP BY 1" page=2 --qid QID
      clinseek tools call get_candidates_by_fuzzy_matching table_name=labevents keywords='["sodum", "glucos"]' --qid QID
    """
    given = dict(map(_key_and_value, arguments))
    name = tool if "." in tool else f"{PREFIX}{tool}"
    with opened(qid, policy) as at:
        reply = at.tools.call(name, {**at.known(name), **given})
    if as_json:
        click.echo(json.dumps(asdict(reply), ensure_ascii=False))
    else:
        click.echo(reply.text, err=reply.problem is not None)
    if reply.problem is not None:
        context.exit(1)


@command.command("serve", short_help="Serve them to an MCP client.")
@of_a_question
@click.option("--client", required=True, help="Who is served: a name under `endpoints` in models.yaml.")
@click.option(
    "--transport",
    type=click.Choice(["stdio", "http"]),
    default="stdio",
    show_default=True,
    help="stdio: the client starts this command. http: on 127.0.0.1, behind a token that is printed.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="With http; 0 takes a free one.")
def serve(qid: str, policy: Policy, client: str, transport: Transport, port: int) -> None:
    """Serve the tools of one question over the Model Context Protocol, until the client hangs up.

    Whoever reads what the client reads is given the data: credentialed data goes only to a client that models.yaml
    lists under `endpoints` (`kind: mcp_client`) with an attestation; synthetic and open data to any. Every answer is in
    the ledger before it is sent.

    \b
    Examples:
      clinseek tools serve --qid QID --client my-desktop
      clinseek tools serve --qid QID --client my-desktop --transport http --port 8765
    """
    from clinseek_assets.commands.tool_server import serve_question  # here: the SDK takes a second to load

    home = Home.of(load_settings())
    serve_question(home, question_of(home, qid), policy, client=client, transport=transport, port=port)


@dataclass(frozen=True)
class At:
    """A question with its tools."""

    question: Question
    tools: Toolbox

    def known(self, name: str) -> dict[str, str]:
        """The arguments of a tool that the question itself gives."""
        pinned = {"subject_id": str(self.question.subject_id), "timestamp": str(self.question.prediction_time)}
        taken: dict[str, Any] = next(
            (spec.parameters["properties"] for spec in self.tools.specs if spec.name == name), {}
        )
        return {key: value for key, value in pinned.items() if key in taken}


@contextmanager
def opened(qid: str, policy: Policy) -> Iterator[At]:
    """The tools of a question of CLINSEEK_HOME, open while the context lasts.

    Raises:
        Fault: there is no manifest, no such question, or one of its databases is missing or damaged.
    """
    home = Home.of(load_settings())
    question = question_of(home, qid)
    tools = record_tools(home, policy, split=question.split)
    with tools.opened(question) as box:
        yield At(question, box)


def _key_and_value(argument: str) -> tuple[str, Any]:
    key, equals, value = argument.partition("=")
    if not equals or not key:
        raise click.UsageError(f"«{argument}» is not KEY=VALUE, for example table_name=labevents.")
    if not value.startswith(AS_JSON):
        return key, value
    try:
        return key, json.loads(value)
    except ValueError:
        raise click.UsageError(f"The value of {key} begins like JSON and is none.") from None


def _table(specs: Sequence[ToolSpec]) -> Table:
    table = Table("tool", "takes", "does", show_lines=True)
    for spec in specs:
        required = spec.parameters["required"]
        taken = [key if key in required else f"[{key}]" for key in spec.parameters["properties"]]
        table.add_row(spec.name, escape("\n".join(taken)), escape(spec.description))
    return table
