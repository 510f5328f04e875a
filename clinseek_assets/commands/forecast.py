"""What an evaluation would ask and cost, before anything is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas
from rich import box
from rich.console import Console
from rich.table import Table

from clinseek_assets.assets.arms import Arm, contexts_of
from clinseek_assets.assets.predictions import predictions, registered_models
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.commands.sample import sampled
from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.answer_book import AnswerBook, Kept
from clinseek_assets.models.endpoints.recorded import AUTO, endpoint_parts
from clinseek_assets.models.identities import Parts, changed_parts
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.ledger import Ledger, Totals
from clinseek_assets.models.registry import Model
from clinseek_assets.partitions import grid_key, model_partitions
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.runs import wanted_runs
from clinseek_assets.storage.fingerprint import of_text

COUNTS = ("partitions", "questions", "kept", "answers", "prompt tokens", "completion tokens")


def forecasts(
    home: Home,
    model: Model,
    arms: Sequence[Arm],
    subtasks: Sequence[str],
    limit: int | None,
    least_runs: int,
    totals: Sequence[Totals],
) -> dict[str, Any]:
    """How much would be asked in each arm, what it would cost, and what the campaign has left.

    What is asked: the questions of partitions that are not finished, times the runs, without the answers that are kept
    and would be taken again (of a sample, or of a run that was stopped). Tokens go by the ledger: the
    mean of a question in the same arm, of this model where it was asked before, else of all models. An arm without any
    answered question goes by the lengths of its contexts (prompts only, a lower bound); a seeking arm has none, and
    then nothing is told.
    """
    told = [forecast(home, model, arm, subtasks, limit, least_runs, totals) for arm in arms]
    campaign = home.registry.campaign
    return {
        "model": model.name,
        "arms": told,
        "campaign": {
            "dollars": campaign.dollars,
            "tokens": campaign.tokens,
            "spent dollars": round(sum(total.dollars for total in totals), 4),
            "spent tokens": sum(total.tokens for total in totals),
        },
    }


def ledger_totals(home: Home) -> list[Totals]:
    """What was spent so far, over all models and arms."""
    if home.rows is None and not home.layout.ledger.is_file():
        return []
    with Ledger(home.layout.ledger, shared=home.rows) as ledger:
        return ledger.totals()


def forecast(
    home: Home,
    model: Model,
    arm: Arm,
    subtasks: Sequence[str],
    limit: int | None,
    least_runs: int,
    totals: Sequence[Totals],
) -> dict[str, Any]:
    """One arm's figures."""
    models = list(home.models)
    registry = registered_models(model_partitions(models), len(home.registry.models))
    artifact = predictions(arm, arm.split.grid(models), registry)
    open_subtasks = [name for name in subtasks if artifact.current(home, grid_key(model.name, name)) is None]
    asked = [question for question in arm.split.questions(home, None) if question.task in set(open_subtasks)]
    asked = sampled(asked, limit) if limit else asked
    runs = max(least_runs, wanted_runs(home, arm.split.name, arm.name, model.name))
    kept = kept_answers(home, model, arm, asked, runs)
    answers = len(asked) * runs - kept
    prompt, completion, basis = tokens_a_question(home, model, arm, asked, totals)
    told: dict[str, Any] = {
        "arm": arm.name,
        "partitions": len(open_subtasks),
        "questions": len(asked),
        "kept": kept,
        "answers": answers,
        "prompt tokens": None if prompt is None else round(prompt * answers),
        "completion tokens": None if completion is None else round(completion * answers),
        "basis": basis,
        "dollars": None,
    }
    if model.prices is not None and prompt is not None:
        told["dollars"] = round(answers * model.prices.dollars(round(prompt), round(completion or 0)), 2)
    return told


def kept_answers(home: Home, model: Model, arm: Arm, asked: Sequence[Question], runs: int) -> int:
    """How many of the answers are kept and would be taken again, as far as that can be told without asking anybody."""
    file = home.layout.journal(arm.split.name, arm.name, model.name)
    if model.dialect == "baseline" or (home.rows is None and not file.is_file()):
        return 0  # what a baseline answers costs nothing
    with Journal(file, home.rows) as journal:
        book = AnswerBook(journal).all()
    places = (
        (question, run, book.get((of_text(question.qid), run))) for question in asked for run in range(1, runs + 1)
    )
    return sum(
        kept.stands and would_be_taken(kept, arm.parts(home, model, question, run), parts_of_endpoint(model))
        for question, run, kept in places
        if kept is not None
    )


def would_be_taken(kept: Kept, own: Parts | None, of_endpoint: Parts | None) -> bool:
    """Whether what shaped a kept answer is what would shape one today; the model's id is not asked for."""
    if own is None or of_endpoint is None:
        return False
    return set(changed_parts(kept.parts, {**own, **of_endpoint})) <= (
        {"model_id"} if "model_id" not in of_endpoint else set()
    )


def parts_of_endpoint(model: Model) -> Parts | None:
    """The endpoint's part in an answer, without a model's id that only the endpoint knows; None where it has no URL."""
    try:
        parts = endpoint_parts(model, model.endpoint(), str(model.model_id))
    except EndpointFault:
        return None
    return {name: part for name, part in parts.items() if name != "model_id" or part != AUTO}


def tokens_a_question(
    home: Home, model: Model, arm: Arm, asked: Sequence[Question], totals: Sequence[Totals]
) -> tuple[float | None, float | None, str]:
    """Prompt and completion tokens that a question takes on average, and how that is known."""
    if model.dialect == "baseline":
        return 0.0, 0.0, "a baseline runs here and takes no tokens"
    of_arm = [total for total in totals if total.arm == arm.name and total.kind == "model" and total.settled]
    of_model = [total for total in of_arm if total.endpoint == model.name]
    for chosen, basis in ((of_model, "what this model took so far"), (of_arm, "what other models took in this arm")):
        if questions := sum(total.questions for total in chosen):
            prompt = sum(total.prompt_tokens for total in chosen) / questions
            return prompt, sum(total.completion_tokens for total in chosen) / questions, basis
    if contexts := next(
        (name for name in arm.evidence if name in (arm.split.contexts, arm.split.strict_contexts)), None
    ):
        return context_tokens(home, arm, contexts, asked), None, "the contexts alone: prompts only, a lower bound"
    return None, None, "nothing yet: ask a sample first, with --limit 20"


def context_tokens(home: Home, arm: Arm, contexts: str, asked: Sequence[Question]) -> float:
    """The mean length of the contexts of these questions, by the tokenizer that measures contexts."""
    subtasks = dict.fromkeys(question.task for question in asked)
    frames = [contexts_of(home, arm.split, arm.name, contexts, name) for name in subtasks]
    if not frames:
        return 0.0
    frame = pandas.concat(frames)
    tokens = frame.loc[frame["qid"].isin([question.qid for question in asked]), "tokens"].dropna()
    return float(tokens.sum()) / len(asked)


def show_forecasts(told: dict[str, Any]) -> None:
    """Print the figures, an arm a row."""
    table = Table(title=f"What {told['model']} would be asked", box=box.SIMPLE_HEAD, title_justify="left")
    for heading in ("arm", "partitions", "questions", "kept", "to ask", "prompt tokens", "answer tokens", "US dollars"):
        table.add_column(heading, justify="left" if heading == "arm" else "right")
    table.add_column("figures go by")
    for arm in told["arms"]:
        figures = (arm[name] for name in COUNTS)
        dollars = "?" if arm["dollars"] is None else f"{arm['dollars']:,.2f}"
        table.add_row(arm["arm"], *("?" if each is None else f"{each:,}" for each in figures), dollars, arm["basis"])
    console = Console()
    console.print(table)
    console.print(campaign_line(told["campaign"]), highlight=False)


def campaign_line(campaign: dict[str, Any]) -> str:
    """What the campaign has spent, and its caps."""
    caps: Iterable[str] = (f"{campaign[unit]:,} {unit}" for unit in ("dollars", "tokens") if campaign[unit] is not None)
    capped = " and ".join(caps) or "no cap"
    spent = f"{campaign['spent dollars']:,.2f} dollars, {campaign['spent tokens']:,} tokens"
    return f"Campaign: {spent} spent so far over all models; {capped} (campaign in models.yaml)."
