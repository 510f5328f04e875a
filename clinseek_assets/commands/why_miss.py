"""`clinseek why-miss`: why a kept answer is not taken again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass

import click

from clinseek_assets.assets.arms import ARMS, ARMS_OF, Arm, keeping_of
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.commands.evaluate import enabled_model
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.models.answer_book import AnswerBook, Kept
from clinseek_assets.models.arm_run import calling
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.identities import MEANINGS, changed_parts
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.priors import CandidatePriors
from clinseek_assets.models.registry import Model
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.told_answers import question_of
from clinseek_assets.storage.fingerprint import of_text

STANDS = "stands"
CHANGED = "changed"
MISSING = "missing"
NOT_KEPT = "not kept"
NO_EVIDENCE = "no evidence"
UNKNOWN = "endpoint unknown"


@dataclass(frozen=True)
class Verdict:
    """Whether the kept answer of one arm would be taken again.

    Attributes:
        arm: the arm.
        verdict: one of the words above.
        told: what that means, one sentence.
        changed: the parts of the identity that differ.
    """

    arm: str
    verdict: str
    told: str
    changed: tuple[str, ...] = ()


@click.command()
@click.argument("qid")
@click.option("--model", "name", required=True, help="A model of models.yaml that is enabled.")
@click.option("--arm", "arms", type=click.Choice(list(ARMS)), multiple=True, help="Only this arm; all by default.")
@click.option("--run", type=click.IntRange(min=1), default=1, show_default=True, help="Which repetition.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(qid: str, name: str, arms: tuple[str, ...], run: int, as_json: bool) -> None:
    """Say whether the stored answer to a question would be taken again, and if not, what changed.

    An answer is taken again only where everything that shaped it is what it was: the endpoint and its sampling, the
    question, the prompt, the context or the patient's database, the policy of time, the tools, the loop. Even where a
    part changed, single calls may be taken again: each is kept under a key of its own.

    \b
    Examples:
      clinseek why-miss ehr_bench_risk_prediction_329 --model gpt-oss-120b
      clinseek why-miss ehr_bench_risk_prediction_329 --model gpt-oss-120b --arm seeking --json
    """
    home = Home.of(load_settings())
    question, model = question_of(home, qid), enabled_model(home, name)
    chosen = [arm for arm in ARMS_OF[question.split].values() if not arms or arm.name in arms]
    verdicts = [judge(home, arm, model, question, run) for arm in chosen]
    if as_json:
        told = [{**vars(verdict), "changed": list(verdict.changed)} for verdict in verdicts]
        click.echo(json.dumps({"model": model.name, "run": run, "arms": told}, ensure_ascii=False))
        return
    for verdict in verdicts:
        click.echo(f"{verdict.arm}: {verdict.told}")
        for part in verdict.changed:
            click.echo(f"  {part}: {MEANINGS.get(part, 'a part that this version does not know')}")


def judge(home: Home, arm: Arm, model: Model, question: Question, run: int) -> Verdict:
    """Hold the kept answer of one arm against what would shape one today."""
    if model.dialect == "baseline" and arm.name.startswith("curated"):
        return Verdict(arm.name, NOT_KEPT, "a baseline answers contexts anew each time, at no cost; nothing is kept.")
    kept = kept_answer(home, arm, model, question, run)
    if kept is None:
        return Verdict(arm.name, NOT_KEPT, "no answer is kept: the question was not asked, or never answered.")
    if not kept.stands:
        outcome = str(kept.answered.outcome).replace("_", " ")
        return Verdict(arm.name, MISSING, f"there was no answer ({outcome}), so it will be asked again.")
    try:
        today = parts_today(home, arm, model, question, run)
    except CallError as failure:
        told = f"the endpoint does not say which model it serves ({failure.kind}); start it, or name its model_id."
        return Verdict(arm.name, UNKNOWN, told)
    if today is None:
        return Verdict(arm.name, NO_EVIDENCE, "the question has no context or no database any more.")
    changed = tuple(changed_parts(kept.parts, today))
    if changed:
        return Verdict(arm.name, CHANGED, "the answer is not taken again, because these parts changed:", changed)
    return Verdict(arm.name, STANDS, "the answer stands; it would be taken again.")


def kept_answer(home: Home, arm: Arm, model: Model, question: Question, run: int) -> Kept | None:
    """The answer in the journal; None where there is none."""
    path = home.layout.journal(arm.split.name, arm.name, model.name)
    if home.rows is None and not path.is_file():
        return None
    with Journal(path, home.rows) as journal:
        return AnswerBook(journal).one((of_text(question.qid), run))


def parts_today(home: Home, arm: Arm, model: Model, question: Question, run: int) -> Mapping[str, str] | None:
    """What would shape an answer today; None where the question could not be asked.

    Raises:
        CallError: the endpoint does not say which model it serves.
    """
    own = arm.parts(home, model, question, run)
    if own is None:
        return None

    async def of_endpoint() -> Mapping[str, str]:
        keeping, priors = keeping_of(home, arm.split, arm.name, model.name), CandidatePriors.load(home.priors_file)
        async with calling(model, arm.name, keeping, [question], priors) as called:
            return called.parts

    return {**own, **asyncio.run(of_endpoint())}
