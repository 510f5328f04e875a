"""`clinseek show`: one question's whole exchange, arms side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click
from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from clinseek_assets.assets.arms import ARMS
from clinseek_assets.benchmark.multimodal.grouping import inner_question
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.faults import ResultsFault
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.models.agent.exchange import Step
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.told_answers import Told, question_of, told_answers

LEAST_COLUMN = 58  # characters that an exchange needs to be read; with less room they stand one after the other
USUAL_CHARACTERS = 1_500
COLOURS = {"system": "dim", "user": "cyan", "assistant": "green", "tool": "yellow", "note": "magenta"}
FIGURES = ("outcome", "answer_rule", "rounds", "tool_calls", "forced", "prompt_tokens", "completion_tokens", "dollars")


@click.command()
@click.argument("qid")
@click.option("--model", "models", multiple=True, help="Only this model; may be given several times.")
@click.option("--arm", "arms", type=click.Choice(list(ARMS)), multiple=True, help="Only this arm; likewise.")
@click.option("--run", type=click.IntRange(min=1), help="Only this repetition.")
@click.option("--full", is_flag=True, help=f"Whole texts; else each is cut after {USUAL_CHARACTERS:,} characters.")
def command(qid: str, models: tuple[str, ...], arms: tuple[str, ...], run: int | None, full: bool) -> None:
    """Show what was said about one question: prompt, calls of tools, results, answer, gold and score.

    Where the terminal is wide enough, a model's arms stand side by side. What is printed comes out of a patient's
    record and holds the gold: it stays on your terminal.

    \b
    Examples:
      clinseek show ehr_bench_risk_prediction_329
      clinseek show ehr_bench_risk_prediction_329 --model evidence_counts --arm seeking --arm seeking_compat
      clinseek show ehr_bench_risk_prediction_329 --model gpt-oss-120b --full | less -R
      clinseek show ehrxqa_test_9001 --model my-vision-model --arm seeking
    """
    home = Home.of(load_settings())
    question = question_of(home, qid)
    chosen = [home.registry.model(name).name for name in models] or list(home.models)
    told = list(told_answers(home, question, chosen, arms or list(ARMS), run))
    if not told:
        raise ResultsFault(
            "Nobody was asked this question in these arms yet.",
            mend="Run `clinseek evaluate --model MODEL` (with --limit for a sample), or name other arms.",
        )
    console = Console()
    console.print(_asked(question))
    for model in dict.fromkeys(each.model for each in told):
        of_model = [each for each in told if each.model == model]
        console.rule(f"[bold]{model}")
        console.print(_figures(of_model))
        console.print(_exchanges(of_model, console.width, None if full else USUAL_CHARACTERS))


def _asked(question: Question) -> Panel:
    lines = [
        question.instruction or inner_question(question.question or ""),
        f"moment: {question.prediction_time}   subtask: {question.task}"
        + ("" if question.decided is None else f"   decided before it: {'yes' if question.decided else 'no'}"),
    ]
    if question.candidates:
        lines.append(f"candidates ({len(question.candidates)}): {', '.join(question.candidates)}")
    lines.append(f"gold: {', '.join(question.gold)}")
    return Panel(Text("\n".join(lines)), title=question.qid, border_style="bold")


def _figures(told: Sequence[Told]) -> Table:
    """What came of each arm and run, a column each."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("")
    for each in told:
        table.add_column(_name(each))
    table.add_row("answer", *(Text(", ".join(_plain(each, "answer") or []) or "–") for each in told))
    table.add_row("F1, strict", *("–" if each.f1 is None else f"{each.f1:.3f}" for each in told))
    for name in FIGURES:
        cells = [_plain(each, name) for each in told]
        if any(cell is not None for cell in cells):
            table.add_row(name.replace("_", " "), *("–" if cell is None else str(cell) for cell in cells))
    return table


def _name(told: Told) -> str:
    return told.arm if told.run_index == 1 else f"{told.arm}, run {told.run_index}"


def _plain(told: Told, column: str) -> Any:
    """A cell of the prediction; None where there is none."""
    value = (told.prediction or {}).get(column)
    if column == "answer":
        return [] if value is None else list(value)
    return None if value is None or value != value or str(value) == "<NA>" else value


def _exchanges(told: Sequence[Told], width: int, most: int | None) -> RenderableType:
    """The exchanges side by side where there is room, else one after the other."""
    columns = [Panel(Group(*_steps(each, most)), title=_name(each), box=box.SIMPLE) for each in told]
    if len(columns) > 1 and width // len(columns) >= LEAST_COLUMN:
        grid = Table.grid(expand=True)
        for _ in columns:
            grid.add_column(ratio=1)
        grid.add_row(*columns)
        return grid
    return Group(*columns)


def _steps(told: Told, most: int | None) -> Iterator[RenderableType]:
    if not told.steps:
        yield Text("No exchange is kept: this answer was read out of the context in one go.", style="dim")
    for step in told.steps:
        yield Panel(Text(_said(step, most)), title=_speaker(step), title_align="left", border_style=COLOURS[step.role])


def _speaker(step: Step) -> str:
    return f"{step.role} ({step.problem})" if step.problem else step.role


def _said(step: Step, most: int | None) -> str:
    parts = [f"[thinking] {_cut(step.reasoning, most)}"] if step.reasoning else []
    parts += [_cut(step.text, most)] if step.text else []
    parts += [f"→ {call.name} {_arguments(call.arguments)}{' (repaired)' * call.repaired}" for call in step.calls]
    parts += [f"[picture] {picture.caption} (sha256 {picture.sha256[:12]}…)" for picture in step.pictures]
    return "\n".join(parts)


def _arguments(written: str) -> str:
    """A call's arguments in one line; as the model wrote them where they are no JSON."""
    try:
        return json.dumps(json.loads(written), ensure_ascii=False)
    except ValueError:
        return written


def _cut(text: str, most: int | None) -> str:
    if most is None or len(text) <= most:
        return text
    return f"{text[:most]}\n… {len(text) - most:,} characters more; --full shows them"
