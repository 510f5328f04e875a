"""A sample of the questions, to try a model out: seeded, spread over the subtasks, and nested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from clinseek_assets.assets.arms import Arm, Asked
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.campaign.analysis_plan import fix_plan
from clinseek_assets.models.registry import Model
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress, of_work
from clinseek_assets.resources.runs import wanted_runs
from clinseek_assets.storage.fingerprint import of_text
from clinseek_assets.storage.working_here import working_here

SEED = "clinseek"


def sampled(questions: Sequence[Question], limit: int) -> list[Question]:
    """The first `limit` questions of a fixed order that goes round the subtasks.

    Within a subtask the order is that of a hash of the qid, so a larger limit holds the smaller sample.
    """
    by_subtask: dict[str, list[Question]] = {}
    for question in sorted(questions, key=lambda question: of_text(f"{SEED} {question.qid}")):
        by_subtask.setdefault(question.task, []).append(question)
    places = [(place, name, question) for name, asked in by_subtask.items() for place, question in enumerate(asked)]
    return [question for _, _, question in sorted(places, key=lambda entry: entry[:2])[:limit]]


def answer_sample(
    home: Home, model: Model, arm: Arm, subtasks: Sequence[str], limit: int, runs: int, progress: Progress
) -> dict[str, int]:
    """Ask a sample, each question at least so often; the calls stay in the journal, no partition is written.

    Returns the number of each outcome.
    """
    fix_plan(home)
    asked = [question for question in arm.split.questions(home, None) if question.task in set(subtasks)]
    chosen = sampled(asked, limit)
    outcomes: Counter[str] = Counter()
    for subtask in dict.fromkeys(question.task for question in chosen):
        with working_here(home.layout.home):
            frame = arm.answer(
                home,
                Asked(
                    model=model,
                    subtask=subtask,
                    questions=[question for question in chosen if question.task == subtask],
                    runs=max(runs, wanted_runs(home, arm.split.name, arm.name, model.name)),
                    progress=of_work(progress, f"{arm.name}, {subtask}"),
                ),
            )
        outcomes.update(frame["outcome"])
    return dict(sorted(outcomes.items()))
