"""Scoring files of results against a manifest: the figures, and the three files that hold them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.scoring.results_file import Results
from clinseek_assets.scoring.rules import Rule
from clinseek_assets.scoring.summaries import (
    QuestionScore,
    models_table,
    question_lines,
    score_questions,
    summary,
    table,
)
from clinseek_assets.storage.atomic import whole_file, write_text


@dataclass(frozen=True)
class ScoredResults:
    """The scores of results: all rows together, as the published scorer takes them, and of each model where several.

    Attributes:
        rule: the rule by which they were scored.
        summary: what `summary.json` holds.
        by_model: the questions of each model ("" where the results name none).
    """

    rule: Rule
    summary: dict[str, Any]
    by_model: dict[str, list[QuestionScore]]

    def table(self) -> str:
        """The summary as a table of its tasks; with several models, of the models."""
        return models_table(self.summary["by_model"]) if "by_model" in self.summary else table(self.summary)

    def full_table(self) -> str:
        """The same, with several models followed by each model's own table of its tasks."""
        each = [f"{model}\n{table(made)}" for model, made in self.summary.get("by_model", {}).items()]
        return "\n".join([self.table(), *each])

    def summary_json(self) -> str:
        """The summary as indented JSON."""
        return _json(self.summary, orjson.OPT_INDENT_2).decode()

    def write(self, folder: Path) -> None:
        """Write `summary.json`, `per_question.jsonl` (a line for each model and question) and `summary.txt`."""
        with whole_file(folder / "per_question.jsonl") as temporary, temporary.open("wb") as stream:
            for model, scored in self.by_model.items():
                for line in question_lines(scored, self.rule, model):
                    stream.write(_json(line) + b"\n")
        write_text(folder / "summary.txt", self.full_table())
        write_text(folder / "summary.json", self.summary_json())


def score_results(results: Results, questions: Sequence[Question], rule: Rule) -> ScoredResults:
    """The scores of `results` by `rule`.

    With several models the top of the summary takes all rows together, each as one more run of its question, as the
    published scorer does; `by_model` has each model's own figures.
    """
    rows_of: dict[str, list[Any]] = {}
    for row in results.rows:
        rows_of.setdefault(row.model, []).append(row)
    by_model = {model: score_questions(questions, rows, rule) for model, rows in sorted(rows_of.items())}
    together = by_model if len(by_model) == 1 else {"": score_questions(questions, results.rows, rule)}
    made = {
        "mode": rule.name,
        **summary(next(iter(together.values())), rule),
        "rows": {
            "scored": len(results.rows),
            "unknown_qid": results.unknown_qid,
            "repeated": results.repeated,
            "without_messages": results.without_messages,
        },
    }
    if len(by_model) > 1:
        made["by_model"] = {model: summary(scored, rule) for model, scored in by_model.items()}
    return ScoredResults(rule, made, by_model)


def _json(value: Any, option: int = 0) -> bytes:
    """A value as JSON; what only Python's writer takes (half surrogates, numbers past 64 bits) is given to that."""
    try:
        return orjson.dumps(value, option=option)
    except TypeError:
        return json.dumps(value, indent=2 if option & orjson.OPT_INDENT_2 else None).encode()
