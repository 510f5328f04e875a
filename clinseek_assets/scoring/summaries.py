"""From scored rows to the figures of questions, subtasks, types and the whole, and to the table that shows them.

The question's figure is the mean over its rows, a group's the mean over its questions that have one, in the manifest's
order as the published scorer has it (repeated rows count as runs); the published multimodal scorer takes a group's mean
over rows. The rules differ in which rows have a score (`rules.py`, `multimodal/rules.py`) and in what stands beside the
figures: `strict` adds the coverage and what the mean would be if all missing answers were wrong or right; `compat` adds
the published tool statistics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.scoring.result_rows import ResultRow
from clinseek_assets.scoring.rules import COMPAT_NAME, SET, STRICT_NAME, Given, RowScore, Rule
from clinseek_assets.scoring.set_metrics import NOTHING_RIGHT, SetScore, mean, mean_score

FIGURES = ("precision", "recall", "f1")
MOST_EMPTY_TASKS_NAMED = 6


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """A row and its score."""

    row: ResultRow
    made: RowScore

    @property
    def score(self) -> SetScore | None:
        """Its figures; None where it is missing."""
        return self.made.figures


@dataclass(frozen=True, slots=True)
class QuestionScore:
    """A question with its rows.

    Attributes:
        question: the manifest's.
        task: the name under which it is grouped.
        runs: its rows, in the files' order.
        score: the mean over the rows that have a score; None where none has.
    """

    question: Question
    task: str
    runs: tuple[ScoredRow, ...]
    score: SetScore | None


def score_questions(questions: Sequence[Question], rows: Iterable[ResultRow], rule: Rule) -> list[QuestionScore]:
    """Every question of the manifest, in its order, with its scored rows; rows of other questions are left out."""
    rows_of: dict[str, list[ResultRow]] = {question.qid: [] for question in questions}
    for row in rows:
        if row.qid in rows_of:
            rows_of[row.qid].append(row)
    given = [Given(question, row.answers, row.outcome) for question in questions for row in rows_of[question.qid]]
    scores = iter(rule.scores(given))
    return [_scored(question, rows_of[question.qid], scores, rule) for question in questions]


def _scored(question: Question, rows: Sequence[ResultRow], scores: Iterator[RowScore], rule: Rule) -> QuestionScore:
    """A question with its rows, whose scores are next in turn."""
    runs = tuple(ScoredRow(row, next(scores)) for row in rows)
    task = rule.task(question, [row.task for row in rows])
    found = _figures_of(runs)
    return QuestionScore(question, task, runs, mean_score(found) if found else None)


def _figures_of(runs: Iterable[ScoredRow]) -> list[SetScore]:
    return [run.score for run in runs if run.score is not None]


def summary(scored: Sequence[QuestionScore], rule: Rule) -> dict[str, Any]:
    """The figures of all questions (`overall`), of each task (`per_task`) and of each type (`per_task_type`).

    Each group has `total` (questions), `completed` (questions with a score), `runs` (rows), `precision`, `recall`, `f1`
    (fractions). In a group without any score the figures are null in `strict` and 0 in `compat`.
    """

    def figures(group: Sequence[QuestionScore]) -> dict[str, Any]:
        further = rule.further([run.made for each in group for run in each.runs])
        return {**_GROUP_FIGURES[rule.name](group, rule), **further}

    return {
        "overall": {key: value for key, value in figures(scored).items() if key != "prediction_sources"},
        "per_task": _grouped(scored, lambda each: each.task, figures),
        "per_task_type": _grouped(scored, lambda each: each.question.task_type, figures),
    }


def _grouped(
    scored: Sequence[QuestionScore],
    group_of: Callable[[QuestionScore], str],
    figures: Callable[[Sequence[QuestionScore]], dict[str, Any]],
) -> dict[str, Any]:
    groups: dict[str, list[QuestionScore]] = {}
    for each in scored:
        groups.setdefault(group_of(each), []).append(each)
    return {name: figures(groups[name]) for name in sorted(groups)}


def _counts(scored: Sequence[QuestionScore]) -> dict[str, int]:
    return {
        "total": len(scored),
        "completed": sum(each.score is not None for each in scored),
        "runs": sum(len(each.runs) for each in scored),
    }


def _means(scored: Sequence[QuestionScore], rule: Rule) -> SetScore | None:
    """The means of a group, of its questions or of its rows as the rule has it; None without any score."""
    scores = rule.mean_of_rows([_figures_of(each.runs) for each in scored])
    return mean_score(scores) if scores else None


def _strict_figures(scored: Sequence[QuestionScore], rule: Rule) -> dict[str, Any]:
    scores = [each.score for each in scored if each.score is not None]
    means = _means(scored, rule)
    right = sum(score.f1 for score in scores)
    missing = len(scored) - len(scores)
    return {
        **_counts(scored),
        **{name: None if means is None else getattr(means, name) for name in FIGURES},
        "coverage": len(scores) / len(scored),
        "f1_if_missing_0": right / len(scored),
        "f1_if_missing_1": (right + missing) / len(scored),
        "outcomes": dict(sorted(Counter(run.row.outcome.value for each in scored for run in each.runs).items())),
    }


def _compat_figures(scored: Sequence[QuestionScore], rule: Rule) -> dict[str, Any]:
    means = _means(scored, rule) or NOTHING_RIGHT
    rows = [run.row for each in scored for run in each.runs]
    calls = sum(row.tool_calls for row in rows)
    return {
        **_counts(scored),
        **{name: getattr(means, name) for name in FIGURES},
        "tool_calls_avg": mean([row.tool_calls for row in rows]) if rows else 0.0,
        "turns_avg": mean([row.turns for row in rows]) if rows else 0.0,
        "browser_tool_pct": 100 * sum(row.browser_calls for row in rows) / calls if calls else 0.0,
        "prediction_sources": dict(sorted(Counter(row.source for row in rows).items())),
    }


_GROUP_FIGURES = {STRICT_NAME: _strict_figures, COMPAT_NAME: _compat_figures}


def question_lines(scored: Iterable[QuestionScore], rule: Rule, model: str) -> Iterator[dict[str, Any]]:
    """The rows of `per_question.jsonl`: each question with its runs and their means (EM among them), without texts."""
    empty = NOTHING_RIGHT if rule.name == COMPAT_NAME else SetScore(*(None,) * 4)  # type: ignore[arg-type]
    for each in scored:
        question, means = each.question, each.score or empty
        yield {
            "qid": question.qid,
            **({"model": model} if model else {}),
            "task": each.task,
            "task_type": question.task_type,
            "subject_id": question.subject_id,
            "hadm_id": question.hadm_id,
            "label": question.label,
            "completed": each.score is not None,
            "num_runs": len(each.runs),
            "runs": [_run_line(run) for run in each.runs],
            **{f"avg_{name}": value for name, value in means._asdict().items()},
        }


def _run_line(run: ScoredRow) -> dict[str, Any]:
    figures = run.score._asdict() if run.score is not None else dict.fromkeys(SetScore._fields)
    return {
        "run_index": run.row.run_index,
        "outcome": run.row.outcome.value,
        "prediction": list(run.row.answers),
        "prediction_source": run.row.source,
        **figures,
        **_before_mapping(run.made),
        "tool_calls": run.row.tool_calls,
        "turns": run.row.turns,
    }


def _before_mapping(made: RowScore) -> dict[str, Any]:
    """What a routed row tells beside its figures: what decided it, and its figures before names were mapped."""
    if made.decided_by == SET and made.raw is None:
        return {}
    raw = made.raw._asdict() if made.raw else {}
    return {"decided_by": made.decided_by, **{f"{name}_raw": value for name, value in raw.items()}}


def table(made: dict[str, Any]) -> str:
    """A summary as a plain table: percentages with one decimal; of the tasks without any row only the first few."""
    lines = [_HEAD]
    for group in ("overall", "per_task_type", "per_task"):
        groups = {"Overall": made[group]} if group == "overall" else made[group]
        without_rows = [name for name, figures in groups.items() if not figures["runs"]]
        hidden = set(without_rows[MOST_EMPTY_TASKS_NAMED:])
        lines += [_table_line(name, figures) for name, figures in groups.items() if name not in hidden]
        lines += [f"and {len(hidden)} more without rows"] if hidden else []
        lines.append("")
    return "\n".join(lines)


def models_table(by_model: dict[str, dict[str, Any]]) -> str:
    """The overall figures of several models as a plain table, a line each."""
    return "\n".join([_HEAD, *(_table_line(model, made["overall"]) for model, made in by_model.items()), ""])


_HEAD = f"{'':<40}{'Total':>7}{'Done':>7}{'Runs':>8}{'P':>8}{'R':>8}{'F1':>8}"


def _table_line(name: str, figures: dict[str, Any]) -> str:
    shown = (f"{'' if figures[key] is None else f'{100 * figures[key]:.1f}':>8}" for key in FIGURES)
    return f"{name:<40}{figures['total']:>7,}{figures['completed']:>7,}{figures['runs']:>8,}{''.join(shown)}"
