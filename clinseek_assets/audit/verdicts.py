"""What the audit makes of its figures: one verdict a check, with what fails and what is listed with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clinseek_assets.audit.comparison import Difference
from clinseek_assets.audit.exceptions import Judged, listed
from clinseek_assets.audit.figures import Figures, ProbeFigures, SubtaskFigures
from clinseek_assets.audit.plants import Controls

MOST_AUROC = 0.9
MOST_GOLD_IN_SIGHT = 0.02


@dataclass(frozen=True)
class Verdict:
    """One check.

    Attributes:
        check: its name.
        passed: whether nothing fails.
        looked_at: how many things were judged.
        failures: what fails, in words without any patient's data.
        listed: what is let pass, with the reason.
    """

    check: str
    passed: bool
    looked_at: int
    failures: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()


def verdicts(found: Figures, controls: Controls) -> tuple[Verdict, ...]:
    """The verdict of each check, in the order in which they are told."""
    questions = sum(subtask.questions for subtask in found.by_subtask.values())
    return (
        no_difference("nothing_later", found.differences["strict"], questions),
        no_difference("compat_as_published", found.differences["compat"], questions),
        controls_caught(controls),
        _gold(found.by_subtask),
        _probes("label_probes", _of_label_probes(found.by_subtask)),
        _probes("counts_and_nulls", _of_counts_and_nulls(found.by_subtask)),
        _contexts(found),
    )


def no_difference(check: str, difference: Difference, questions: int) -> Verdict:
    """Whether records and oracle agree in both directions."""
    parts = {
        "rows or values that should not be": difference.beyond,
        "rows or values too few": difference.lacking,
        "columns or names that should not be": difference.columns_beyond,
        "columns too few": difference.columns_lacking,
    }
    failures = tuple(
        f"{table}: {count} {what}" for what, counts in parts.items() for table, count in sorted(counts.items()) if count
    )
    return Verdict(check, not failures, questions, failures)


def controls_caught(controls: Controls) -> Verdict:
    """Whether the records hide what was planted, and the comparison flags all of it."""
    blind = tuple(f"the audit is blind to {plant}" for plant in controls.missed)
    shown = tuple(f"the record shows what is to come in {table}" for table in controls.shown)
    return Verdict("controls_caught", not (blind or shown), controls.planted, (*shown, *blind))


def _gold(by_subtask: Mapping[str, SubtaskFigures]) -> Verdict:
    failures, let_pass, looked_at = [], [], 0
    for name, subtask in by_subtask.items():
        if subtask.gold is None:
            continue
        looked_at += subtask.questions
        share = subtask.gold.in_sight["strict"] / subtask.questions
        if share <= MOST_GOLD_IN_SIGHT:
            continue
        exception = listed("gold_out_of_sight", name)
        if exception:
            let_pass.append(f"{name}: {exception.reason}")
        else:
            failures.append(f"{name}: an answer is in sight in more than {MOST_GOLD_IN_SIGHT:.0%} of its questions")
    return Verdict("gold_out_of_sight", not failures, looked_at, tuple(failures), tuple(let_pass))


def _of_label_probes(by_subtask: Mapping[str, SubtaskFigures]) -> Iterator[tuple[str, ProbeFigures]]:
    for name, subtask in by_subtask.items():
        for probed in (subtask.label_probe, subtask.label_probe_on_many):
            if probed:
                yield name, probed["strict"]


def _of_counts_and_nulls(by_subtask: Mapping[str, SubtaskFigures]) -> Iterator[tuple[str, ProbeFigures]]:
    for name, subtask in by_subtask.items():
        if subtask.counts_and_nulls is not None:
            yield name, subtask.counts_and_nulls


def _probes(check: Judged, probed: Iterator[tuple[str, ProbeFigures]]) -> Verdict:
    failures: dict[str, None] = {}
    let_pass: dict[str, None] = {}
    looked_at = 0
    for name, told in probed:
        looked_at += told.of_all.counts
        exception = listed(check, name)
        if told.undecided.counts and (told.undecided.auroc or 0) > MOST_AUROC:
            which, excused = "undecided questions", exception is not None and not exception.decided_only
            area = told.undecided.auroc
        elif told.of_all.counts and (told.of_all.auroc or 0) > MOST_AUROC:
            which, excused = "questions", exception is not None
            area = told.of_all.auroc
        else:
            continue
        if exception is not None and excused:
            let_pass[f"{name}: {exception.reason}"] = None
        else:
            failures[f"{name}: AUROC {area:.2f} on its {which}"] = None
    return Verdict(check, not failures, looked_at, tuple(failures), tuple(let_pass))


def _contexts(found: Figures) -> Verdict:
    parts = {
        "strict contexts show a time that is not before their moment": found.contexts.too_late,
        "strict contexts differ from what the oracle's rows give": found.contexts.differ,
    }
    failures = tuple(f"{count} {what}" for what, count in parts.items() if count)
    return Verdict("contexts", not failures, found.contexts.contexts, failures)
