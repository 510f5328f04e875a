"""`clinseek score`: results files against a manifest."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clinseek_assets.benchmark.manifest_split import read_questions, split_of
from clinseek_assets.locations.data_class import classify
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.scoring.finish_call import finish_answer
from clinseek_assets.scoring.multimodal.finish_call import published_answer, repaired_answer
from clinseek_assets.scoring.result_rows import Extract
from clinseek_assets.scoring.results_file import read_results, results_files
from clinseek_assets.scoring.rules import COMPAT_NAME, RULES, STRICT_NAME, Rule
from clinseek_assets.scoring.score_files import score_results
from clinseek_assets.scoring.text_answer import finish_or_text_answer

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from clinseek_assets.models.judges.endpoint_judge import EndpointJudge

# (split, mode) -> how the answer of an exchange is found.
EXTRACTION: dict[tuple[str, str], Extract] = {
    ("text", STRICT_NAME): finish_answer,
    ("text", COMPAT_NAME): finish_answer,
    ("multimodal", STRICT_NAME): repaired_answer,
    ("multimodal", COMPAT_NAME): published_answer,
}


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
    help="Text split, compat only: read the closing text of exchanges that have no finish call, as the published "
    "option does.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON instead of the table.")
def command(results: tuple[Path, ...], manifest: Path, mode: str, out: Path, from_text: bool, as_json: bool) -> None:
    """Score RESULTS (results.jsonl of the published drivers, our own predictions as Parquet, or folders of them).

    The manifest may be of either split. Rows belong to questions by `qid`; the gold is the manifest's. Written to the
    folder of --out: summary.json (overall, per_task, per_task_type, and by_model where the rows are of several),
    per_question.jsonl and summary.txt. In the multimodal split a task is one of the six groups, a task type a released
    task; what only a judge can compare (compat) goes to the judge of models.yaml, and has no score without one.

    \b
    Example:
      clinseek score outputs/text_eval/results.jsonl \\
          --manifest release/text/ClinSeek-Bench_text.json --mode compat --out scores/
    """
    split = split_of(manifest)
    if from_text and (split, mode) != ("text", COMPAT_NAME):
        raise click.UsageError("--extract-text-answer-without-finish belongs to --mode compat of the text split.")
    questions = read_questions(manifest)
    files = results_files(results)
    extract = finish_or_text_answer if from_text else EXTRACTION[split, mode]
    size = sum(file.stat().st_size for file in files)
    bar: ProgressBar[int] = click.progressbar(length=size, label="Reading results", file=sys.stderr)
    with bar:
        read = read_results(files, questions, extract, progress=bar.update)
    rule, remark = RULE_OF[split](mode, manifest)
    scored = score_results(read, questions, rule)
    scored.write(out)
    click.echo(scored.summary_json() if as_json else scored.table())
    if read.unknown_qid:
        click.echo(f"{read.unknown_qid:,} rows belong to no question of the manifest and were left out.", err=True)
    if told := remark():
        click.echo(told, err=True)


Remark = Callable[[], str]


def text_rule(mode: str, manifest: Path) -> tuple[Rule, Remark]:
    """A rule of the text split; there is nothing to remark on it."""
    return RULES[mode], lambda: ""


def multimodal_rule(mode: str, manifest: Path) -> tuple[Rule, Remark]:
    """A rule of the multimodal split, and what is said after scoring of the judge and the mapping."""
    from clinseek_assets.scoring.multimodal.rules import STRICT_ROUTING, PublishedRouting
    from clinseek_assets.scoring.multimodal.vocabulary_mapping import configured_mapping, told

    if mode == STRICT_NAME:
        return STRICT_ROUTING, lambda: ""
    judge, mapping = configured_judge_over(manifest), configured_mapping()
    return PublishedRouting(judge, mapping), lambda: f"Mapping of names: {told(mapping)}. {told_of(judge)}"


def configured_judge_over(manifest: Path) -> EndpointJudge | None:
    """The registry's judge; what answers are about is of the class of the manifest whose questions they answer."""
    from clinseek_assets.models.judges.configured import configured_judge
    from clinseek_assets.resources.home import Home

    home = Home.of(load_settings())
    return configured_judge(
        home.registry,
        home.layout,
        data_class=lambda: classify([manifest]).data_class,
        arm="score",
        leases=home.leases,
        shared=home.rows,
    )


def told_of(judge: EndpointJudge | None) -> str:
    """What became of the rows that only a judge could decide, one sentence."""
    if judge is None:
        return "Judge: none in models.yaml; rows that only a judge could decide have no score."
    if not judge.failures:
        return f"Judge: {judge.entry.name}; every row that it was asked about has a verdict."
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(judge.failures.items()))
    return f"Judge: {judge.entry.name}; no verdict, so no score, for some rows ({kinds}). Score again to ask again."


RULE_OF: dict[str, Callable[[str, Path], tuple[Rule, Remark]]] = {"text": text_rule, "multimodal": multimodal_rule}
