"""Everything that one model answered in one arm: predictions with both scores, and each exchange."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.locations.layout import Layout
from clinseek_assets.models.agent.exchange import Step
from clinseek_assets.models.answer_book import AnswersRead
from clinseek_assets.models.answered import FIELDS
from clinseek_assets.models.journal_reading import reading
from clinseek_assets.storage.fingerprint import of_text

FIGURES = ("f1", "precision", "recall", "exact_match")
Runs = dict[int, dict[str, Any]]
"""Run -> the fields of an answer."""


@dataclass(frozen=True)
class FullAnswer:
    """One answer with all that is kept of it.

    Attributes:
        question: what was asked.
        run_index: which repetition it is, from 1.
        fields: those of `models.answered.Answered`; None where one is empty.
        scores: `strict` and `compat` -> figures by name; a mode by which it has no score is left out.
        context: the text that was given, in the curated arms.
        steps: the exchange; empty where none is kept.
    """

    question: Question
    run_index: int
    fields: Mapping[str, Any]
    scores: Mapping[str, Mapping[str, float]]
    context: str | None
    steps: Sequence[Step]


@dataclass(frozen=True)
class OneRun:
    """The answers of one model in one arm of one split.

    Attributes:
        layout: of their home.
        split, arm, model: their names.
        questions: those of the split.
    """

    layout: Layout
    split: str
    arm: str
    model: str
    questions: Sequence[Question]

    def answers(self) -> Iterator[FullAnswer]:
        """Each answer, by subtasks in the order of the questions; those that only the journal has are among them.

        Raises:
            EndpointFault: the journal is damaged.
        """
        by_subtask: defaultdict[str, list[Question]] = defaultdict(list)
        for question in self.questions:
            by_subtask[question.task].append(question)
        with reading(self.layout.journal(self.split, self.arm, self.model)) as journal:
            book = AnswersRead(journal)
            in_journal: defaultdict[str, Runs] = defaultdict(dict)
            for (qid_sha256, run), kept in book.all().items():
                in_journal[qid_sha256][run] = kept.answered.as_json()
            for subtask, asked in by_subtask.items():
                yield from self._of_subtask(subtask, asked, book, in_journal)

    def _of_subtask(
        self, subtask: str, asked: Sequence[Question], book: AnswersRead, in_journal: Mapping[str, Runs]
    ) -> Iterator[FullAnswer]:
        predicted, scores, contexts = self._predicted(subtask), self._scores(subtask), self._contexts(subtask)
        for question in asked:
            qid_sha256 = of_text(question.qid)
            runs = {**in_journal.get(qid_sha256, {}), **predicted.get(question.qid, {})}
            for run, fields in sorted(runs.items()):
                yield FullAnswer(
                    question,
                    run,
                    fields,
                    scores.get((question.qid, run), {}),
                    contexts.get(question.qid),
                    book.steps((qid_sha256, run)),
                )

    def _predicted(self, subtask: str) -> dict[str, Runs]:
        """qid -> run -> the fields of its prediction."""
        found: defaultdict[str, Runs] = defaultdict(dict)
        for row in _rows(self.layout.predictions(self.split, self.arm, self.model, subtask)):
            found[row["qid"]][row["run_index"]] = {name: _known(row[name]) for name in FIELDS}
        return found

    def _scores(self, subtask: str) -> dict[tuple[str, int], dict[str, dict[str, float]]]:
        """(qid, run) -> mode -> figures."""
        found: defaultdict[tuple[str, int], dict[str, dict[str, float]]] = defaultdict(dict)
        for row in _rows(self.layout.scores(self.split, self.arm, self.model, subtask)):
            if row["scored"]:
                found[row["qid"], row["run_index"]][row["mode"]] = {name: float(row[name]) for name in FIGURES}
        return found

    def _contexts(self, subtask: str) -> dict[str, str]:
        """qid -> the context that this arm gives; empty in the seeking arms."""
        rows = _rows(self.layout.contexts(self.split, self.arm, subtask), ["qid", "context"])
        return {row["qid"]: row["context"] for row in rows if isinstance(row["context"], str)}


def _rows(path: Path, columns: list[str] | None = None) -> list[dict[Any, Any]]:
    if not path.is_file():
        return []
    return pandas.read_parquet(path, columns=columns).to_dict(orient="records")


def _known(value: Any) -> Any:
    """A cell as plain Python: None where it is empty, a list where it holds several names."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    return None if not isinstance(value, list) and pandas.isna(value) else value
