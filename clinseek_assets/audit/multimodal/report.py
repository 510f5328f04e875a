"""The multimodal audit as a whole: from questions and sources to a report without an id and without a value."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas

from clinseek_assets.audit.comparison import Difference
from clinseek_assets.audit.examination import Sources
from clinseek_assets.audit.multimodal.examination import Asked, Examined, Shown, examine_questions
from clinseek_assets.audit.multimodal.plants import PLANTINGS, run_controls
from clinseek_assets.audit.plants import Controls
from clinseek_assets.audit.verdicts import Verdict, controls_caught, no_difference
from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts.multimodal_schema import GIVEN
from clinseek_assets.records.pinned.pin import Policy

POLICIES: tuple[Policy, ...] = ("strict", "compat")
CONTEXTS_OF: Mapping[Policy, str] = {"strict": "curated_strict", "compat": "curated"}
CHECKS = ("nothing_later", "compat_as_published", "controls_caught", "nothing_beyond_the_list", "contexts")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Contexts:
    """The contexts that were shown; those of some groups may be missing.

    Attributes:
        published: of the schema `contexts.multimodal_schema.MULTIMODAL_CONTEXTS`.
        strict: of the schema `contexts.multimodal_schema.MULTIMODAL_STRICT_CONTEXTS`.
        reports: qid -> the reports that both show; empty where they are switched off.
    """

    published: pandas.DataFrame
    strict: pandas.DataFrame
    reports: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class GroupFigures:
    """Counts over one group's questions.

    Attributes:
        questions, patients: how many were looked at, and of how many patients.
        hidden_rows, hidden_values: what `compat` shows and `strict` hides.
        strict_only_rows: what only `strict` shows.
        mismatches: rows and columns in which a record and its oracle do not agree.
    """

    questions: int
    patients: int
    hidden_rows: int
    hidden_values: int
    strict_only_rows: int
    mismatches: int


@dataclass(frozen=True)
class MultimodalAudit:
    """What the audit found.

    Attributes:
        groups: group -> its figures; groups without a question that was looked at are absent.
        rows_compared: policy -> rows of oracles held against records.
        controls: dataset -> what its plants showed.
        verdicts: one a name of `CHECKS`, in their order.
    """

    groups: Mapping[str, GroupFigures]
    rows_compared: Mapping[Policy, int]
    controls: Mapping[str, Controls]
    verdicts: tuple[Verdict, ...]

    @property
    def ok(self) -> bool:
        """Whether every check passes."""
        return all(verdict.passed for verdict in self.verdicts)

    def as_json(self, fewest_patients: int) -> dict[str, Any]:
        """The report as plain values.

        Args:
            fewest_patients: figures of a group with fewer patients are left out, since they may single out somebody.
        """
        return {
            "ok": self.ok,
            "verdicts": [asdict(verdict) for verdict in self.verdicts],
            "controls": {dataset: asdict(controls) for dataset, controls in self.controls.items()},
            "rows_compared": dict(self.rows_compared),
            "groups": {
                name: asdict(figures)
                if figures.patients >= fewest_patients
                else {"questions": figures.questions, "too_few_patients_to_show": True}
                for name, figures in self.groups.items()
            },
        }


def examine(
    questions: Sequence[Question],
    sources: Mapping[str, Sources],
    contexts: Contexts | None = None,
    progress: Progress = lambda work, done, total: None,
) -> MultimodalAudit:
    """Audit what the questions of a multimodal release may see.

    Args:
        questions: of the manifest; groups may be missing.
        sources: `ehrxqa` and `medmod` -> their tables, databases and reference database; one may be missing.
        contexts: what the curated arms are shown, if there is any.
        progress: told of patients done.

    Raises:
        DatabaseFault, SourceFault: a database or table is missing or damaged.
    """
    present = [dataset for dataset in PLANTINGS if dataset in sources]
    controls = {dataset: run_controls(dataset, sources[dataset].reference) for dataset in present}
    shown = _shown(contexts) if contexts else {}
    asked = [Asked(question, shown.get(question.qid)) for question in questions]
    found = examine_questions(asked, sources, lambda done, total: progress("patients audited", done, total))
    by_group = {name: [one for one in found if one.group == name] for name in GROUPS}
    return MultimodalAudit(
        groups={name: _figures(of_group) for name, of_group in by_group.items() if of_group},
        rows_compared={policy: sum(one.compared[policy] for one in found) for policy in POLICIES},
        controls=controls,
        verdicts=_verdicts(found, controls),
    )


def _shown(contexts: Contexts) -> dict[str, Shown]:
    """qid -> what the curated arms are shown; a text that the manifest itself gives is not ours to judge."""
    frames: Mapping[Policy, pandas.DataFrame] = {"strict": contexts.strict, "compat": contexts.published}
    texts: dict[str, dict[Policy, str]] = defaultdict(dict)
    for policy, frame in frames.items():
        ours = frame.loc[frame["status"].ne(GIVEN) & frame["context"].notna(), ["qid", "context"]]
        for qid, text in ours.itertuples(index=False):
            texts[qid][policy] = text
    return {qid: Shown(of_qid, tuple(contexts.reports.get(qid, ()))) for qid, of_qid in texts.items()}


def _figures(found: Sequence[Examined]) -> GroupFigures:
    return GroupFigures(
        questions=len(found),
        patients=len({(one.dataset, one.subject_id) for one in found}),
        hidden_rows=sum(one.hidden.rows for one in found),
        hidden_values=sum(one.hidden.values for one in found),
        strict_only_rows=sum(one.hidden.rows_of_the_other for one in found),
        mismatches=sum(_size(differing) for one in found for differing in one.differences.values()),
    )


def _size(differing: Difference) -> int:
    return sum(counts.total() for counts in vars(differing).values())


def _verdicts(found: Sequence[Examined], controls: Mapping[str, Controls]) -> tuple[Verdict, ...]:
    return (
        no_difference("nothing_later", _sum_of(found, "strict"), len(found)),
        no_difference("compat_as_published", _sum_of(found, "compat"), len(found)),
        controls_caught(_joined(controls)),
        _nothing_beyond_the_list(found),
        _contexts(found),
    )


def _sum_of(found: Sequence[Examined], policy: Policy) -> Difference:
    """All differences under a policy, tables told apart by their dataset."""
    total = Difference()
    for one in found:
        for kind, counts in vars(one.differences[policy]).items():
            getattr(total, kind).update({f"{one.dataset}/{table}": count for table, count in counts.items()})
    return total


def _joined(controls: Mapping[str, Controls]) -> Controls:
    return Controls(
        sum(one.planted for one in controls.values()),
        tuple(f"{dataset}/{table}" for dataset, one in controls.items() for table in one.shown),
        tuple(f"{dataset}/{plant}" for dataset, one in controls.items() for plant in one.missed),
    )


def _nothing_beyond_the_list(found: Sequence[Examined]) -> Verdict:
    """No database has a table or column that the allow-list does not name: answers lie in none."""
    beyond = {(one.dataset, one.subject_id): one.beyond_the_list for one in found}
    counts = Counter({dataset: 0 for dataset, _ in beyond})
    for (dataset, _), count in beyond.items():
        counts[dataset] += bool(count)
    failures = tuple(
        f"{dataset}: {count} databases hold what is not on the list of tables and columns"
        for dataset, count in sorted(counts.items())
        if count
    )
    return Verdict("nothing_beyond_the_list", not failures, len(beyond), failures)


def _contexts(found: Sequence[Examined]) -> Verdict:
    looked_at = sum(len(one.contexts_differing) for one in found)
    failures = tuple(
        f"{count} {CONTEXTS_OF[policy]} contexts differ from what the oracle's rows give"
        for policy in POLICIES
        if (count := sum(one.contexts_differing.get(policy, False) for one in found))
    )
    return Verdict("contexts", not failures, looked_at, failures)


# The columns of the table by group: title -> where the figure stands in a group's part of the report.
COLUMNS: Mapping[str, str] = {
    "questions": "questions",
    "rows strict hides": "hidden_rows",
    "values strict hides": "hidden_values",
    "rows only strict shows": "strict_only_rows",
    "mismatches": "mismatches",
}


def table(report: Mapping[str, Any]) -> pandas.DataFrame:
    """The report's table by group; None where there are too few patients to show a figure.

    Args:
        report: as `MultimodalAudit.as_json` gives it.
    """
    return pandas.DataFrame(
        [
            {"group": name, **{title: figures.get(figure) for title, figure in COLUMNS.items()}}
            for name, figures in report["groups"].items()
        ],
        columns=["group", *COLUMNS],
        dtype=object,
    )
