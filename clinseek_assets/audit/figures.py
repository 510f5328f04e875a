"""The audit's figures: what was found of single questions, added up by subtask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas

from clinseek_assets.audit.comparison import Difference
from clinseek_assets.audit.counts_and_nulls import auroc, learned
from clinseek_assets.audit.examination import Examined, Finding, Probed
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.records.pinned.pin import Policy

POLICIES: tuple[Policy, ...] = ("strict", "compat")

# With fewer questions of either answer, or fewer patients, a good score may be luck: it is shown, but not judged.
FEWEST_OF_AN_ANSWER = 10
FEWEST_PATIENTS = 11


@dataclass(frozen=True)
class Told:
    """How well scores tell a label.

    Attributes:
        auroc: None where all answers are alike, or nothing could be learned.
        yes, no, patients: how many questions of each answer, of how many patients.
    """

    auroc: float | None
    yes: int
    no: int
    patients: int

    @property
    def counts(self) -> bool:
        """Whether there is enough to judge by."""
        enough = min(self.yes, self.no) >= FEWEST_OF_AN_ANSWER and self.patients >= FEWEST_PATIENTS
        return enough and self.auroc is not None


@dataclass(frozen=True)
class ProbeFigures:
    """A probe's figures over all questions of a subtask, and over those that are not decided at their moment."""

    of_all: Told
    undecided: Told


@dataclass(frozen=True)
class GoldFigures:
    """How many decision questions have an answer in sight, by policy; and named before, where that is looked at."""

    in_sight: Mapping[Policy, int]
    named_before: Mapping[Policy, int]


@dataclass(frozen=True)
class SubtaskFigures:
    """One subtask.

    Attributes:
        questions, patients: of the release.
        hidden_rows, hidden_values: what `compat` shows and `strict` hides.
        strict_only_rows: what `strict` shows and `compat` hides (the pharmacy).
        curated_only_rows, curated_only_values: what only the published context shows; None without strict contexts.
        gold: of a decision, else None.
        label_probe: policy -> the hand-written probe on the release's questions; empty for a decision.
        label_probe_on_many: the same on the many questions.
        counts_and_nulls: the learning probe on the many questions under `strict`; None for a decision.
    """

    questions: int
    patients: int
    hidden_rows: int
    hidden_values: int
    strict_only_rows: int
    curated_only_rows: int | None
    curated_only_values: int | None
    gold: GoldFigures | None
    label_probe: Mapping[Policy, ProbeFigures]
    label_probe_on_many: Mapping[Policy, ProbeFigures]
    counts_and_nulls: ProbeFigures | None


@dataclass(frozen=True)
class ContextFigures:
    """Strict contexts: how many were looked at, show a time that is too late, differ from the oracle's."""

    contexts: int
    too_late: int
    differ: int


@dataclass(frozen=True)
class Figures:
    """All figures.

    Attributes:
        rows_compared: policy -> rows of the oracle that were held against those of records, over all questions.
        differences: policy -> records and oracle, table by table.
        contexts: over all strict contexts.
        by_subtask: every subtask that has questions, in the catalogue's order.
    """

    rows_compared: Mapping[Policy, int]
    differences: Mapping[Policy, Difference]
    contexts: ContextFigures
    by_subtask: Mapping[str, SubtaskFigures]


def figures(findings: Sequence[Finding], left_out: pandas.DataFrame | None) -> Figures:
    """Add up what was found.

    Args:
        findings: of all questions.
        left_out: of each strict context subtask, rows_curated_only and values_curated_only; None without any.
    """
    examined = [found for found in findings if isinstance(found, Examined)]
    many = [found for found in findings if isinstance(found, Probed)]
    curated = _curated_only(left_out)
    by_subtask = {
        name: _of_subtask(
            [found for found in examined if found.subtask == name],
            [found for found in many if found.subtask == name],
            curated.get(name),
        )
        for name in SUBTASKS
        if any(found.subtask == name for found in examined)
    }
    contexts = [found.context for found in examined if found.context is not None]
    return Figures(
        {policy: sum(found.compared[policy] for found in examined) for policy in POLICIES},
        {policy: _sum(found.differences[policy] for found in examined) for policy in POLICIES},
        ContextFigures(
            len(contexts), sum(context.too_late for context in contexts), sum(context.differs for context in contexts)
        ),
        by_subtask,
    )


def _curated_only(left_out: pandas.DataFrame | None) -> dict[str, tuple[int, int]]:
    if left_out is None:
        return {}
    sums = left_out.groupby("subtask")[["rows_curated_only", "values_curated_only"]].sum()
    return {str(name): (int(rows), int(values)) for name, rows, values in sums.itertuples()}


def _of_subtask(
    examined: Sequence[Examined], many: Sequence[Probed], curated_only: tuple[int, int] | None
) -> SubtaskFigures:
    probed = [found.probed for found in examined if found.probed is not None]
    rows, values = curated_only or (None, None)
    return SubtaskFigures(
        questions=len(examined),
        patients=len({found.subject_id for found in examined}),
        hidden_rows=sum(found.hidden.rows for found in examined),
        hidden_values=sum(found.hidden.values for found in examined),
        strict_only_rows=sum(found.hidden.rows_of_the_other for found in examined),
        curated_only_rows=rows,
        curated_only_values=values,
        gold=None if probed else _gold(examined),
        label_probe=_hand_written(probed),
        label_probe_on_many=_hand_written(many),
        counts_and_nulls=_learning(many) if many else None,
    )


def _gold(examined: Sequence[Examined]) -> GoldFigures:
    in_sight: Counter[Policy] = Counter(dict.fromkeys(POLICIES, 0))
    before: Counter[Policy] = Counter()
    for found in examined:
        in_sight.update({policy: int(told) for policy, told in found.gold_in_sight.items()})
        before.update({policy: int(told) for policy, told in found.named_before.items()})
    return GoldFigures(dict(in_sight), dict(before))


def _hand_written(probed: Sequence[Probed]) -> dict[Policy, ProbeFigures]:
    undecided = [one for one in probed if not one.decided]

    def told(policy: Policy, among: Sequence[Probed]) -> Told:
        return _told(among, auroc([one.answer for one in among], [one.scores[policy] for one in among]))

    return {policy: ProbeFigures(told(policy, probed), told(policy, undecided)) for policy in POLICIES if probed}


def _learning(many: Sequence[Probed]) -> ProbeFigures:
    undecided = [one for one in many if not one.decided]
    of_all = _learned(many)
    return ProbeFigures(of_all, of_all if len(undecided) == len(many) else _learned(undecided))


def _learned(many: Sequence[Probed]) -> Told:
    answers = [one.answer for one in many]
    scores = learned([one.shape or () for one in many], answers, [one.subject_id for one in many]) if many else None
    return _told(many, None if scores is None else auroc(answers, list(scores)))


def _told(probed: Sequence[Probed], area: float | None) -> Told:
    yes = sum(one.answer for one in probed)
    return Told(area, yes, len(probed) - yes, len({one.subject_id for one in probed}))


def _sum(differences: Iterable[Difference]) -> Difference:
    total = Difference()
    for one in differences:
        total.beyond.update(one.beyond)
        total.lacking.update(one.lacking)
        total.columns_beyond.update(one.columns_beyond)
        total.columns_lacking.update(one.columns_lacking)
    return total
