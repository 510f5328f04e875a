"""What was said and answered about one question, by model, arm and run: out of predictions, scores and journals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.faults import ManifestFault
from clinseek_assets.models.agent.exchange import Step
from clinseek_assets.models.answer_book import AnswersRead
from clinseek_assets.models.journal_reading import reading
from clinseek_assets.resources.home import Home
from clinseek_assets.storage.fingerprint import of_text


@dataclass(frozen=True)
class Told:
    """One answer to a question.

    Attributes:
        model, arm, run_index: whose it is.
        prediction: the row of the predictions; None where only the journal has the question (a sample).
        f1: by the strict rule; None where it has no score.
        steps: the exchange; empty where none is kept (a baseline that reads a context has none).
    """

    model: str
    arm: str
    run_index: int
    prediction: dict[str, Any] | None
    f1: float | None
    steps: Sequence[Step]


def question_of(home: Home, qid: str) -> Question:
    """The question of that id, of either split.

    Raises:
        Fault: there is no manifest.
        ManifestFault: neither has such a question.
    """
    asked = [*home.questions(), *(home.multimodal_questions() if home.multimodal_manifest_file.is_file() else [])]
    question = next((question for question in asked if question.qid == qid), None)
    if question is None:
        raise ManifestFault("No manifest has a question of this id.", mend="Give a qid as the manifest has it.")
    return question


def told_answers(
    home: Home, question: Question, models: Sequence[str], arms: Sequence[str], run: int | None
) -> Iterator[Told]:
    """Everything that these models answered in these arms, or only one run of it."""
    for model in models:
        for arm in arms:
            predictions = _rows(home.layout.predictions(question.split, arm, model, question.task), question.qid)
            scores = _rows(home.layout.scores(question.split, arm, model, question.task), question.qid)
            f1 = {row["run_index"]: row["f1"] for row in scores if row["mode"] == "strict" and row["scored"]}
            of_run = {row["run_index"]: row for row in predictions}
            kept = dict(_exchanges(home.layout.journal(question.split, arm, model), question))
            for index in sorted({*of_run, *kept}):
                if run in (None, index):
                    yield Told(model, arm, index, of_run.get(index), f1.get(index), kept.get(index, ()))


def _rows(path: Path, qid: str) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    rows = pandas.read_parquet(path, filters=[("qid", "==", qid)]).to_dict(orient="records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _exchanges(path: Path, question: Question) -> Iterator[tuple[int, Sequence[Step]]]:
    """Run -> exchange, as the journal has them."""
    qid_sha256 = of_text(question.qid)
    with reading(path) as journal:
        book = AnswersRead(journal)
        for run_index in journal.runs_of(qid_sha256):
            yield run_index, book.steps((qid_sha256, run_index))
