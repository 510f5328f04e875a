"""`clinseek score`: results files against a manifest."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.scoring.finish_call import finish_answer
from clinseek_assets.scoring.results_file import read_results, results_files
from clinseek_assets.scoring.rules import COMPAT, RULES
from clinseek_assets.scoring.score_files import score_results
from clinseek_assets.scoring.text_answer import finish_or_text_answer

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar


@click.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--manifest", required=True, type=click.Path(path_type=Path), help="The manifest that was answered.")
@click.option(
    "--mode",
    type=click.Choice(list(RULES)),
    default="strict",
    show_default=True,
    help="strict: NFKC, case and spaces folded, failed calls missing. compat: the published scorer, to the digit.",
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="The folder of the figures."
)
@click.option(
    "--extract-text-answer-without-finish",
    "from_text",
    is_flag=True,
    help="compat only: read the closing text of exchanges that have no finish call, as the published option does.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON instead of the table.")
def command(results: tuple[Path, ...], manifest: Path, mode: str, out: Path, from_text: bool, as_json: bool) -> None:
    """Score RESULTS (results.jsonl of the published drivers, our own predictions as Parquet, or folders of them).

    Rows belong to questions by `qid`. Written to the folder of --out: summary.json (overall, per_task, per_task_type,
    and by_model where the rows are of several), per_question.jsonl and summary.txt.

    \b
    Example:
      clinseek score outputs/text_eval/results.jsonl \\
          --manifest release/text/ClinSeek-Bench_text.json --mode compat --out scores/
    """
    if from_text and mode != COMPAT.name:
        raise click.UsageError("--extract-text-answer-without-finish belongs to --mode compat.")
    questions = read_manifest(manifest)
    files = results_files(results)
    extract = finish_or_text_answer if from_text else finish_answer
    size = sum(file.stat().st_size for file in files)
    bar: ProgressBar[int] = click.progressbar(length=size, label="Reading results", file=sys.stderr)
    with bar:
        read = read_results(files, questions, extract, progress=bar.update)
    scored = score_results(read, questions, RULES[mode])
    scored.write(out)
    click.echo(scored.summary_json() if as_json else scored.table())
    if read.unknown_qid:
        click.echo(f"{read.unknown_qid:,} rows belong to no question of the manifest and were left out.", err=True)
