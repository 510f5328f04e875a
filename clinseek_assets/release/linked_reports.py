"""Whether every linked radiology report is there, can be read, and is the one that was linked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging.released_paths import ReleasedReport, read_report_path
from clinseek_assets.imaging.troubles import OK, ImageFault
from clinseek_assets.locations.settings import Settings
from clinseek_assets.mimic.multimodal.radiology_reports import ReportFault, ReportTexts
from clinseek_assets.release.checks import ReleaseCheck, by_state, unusable
from clinseek_assets.release.linked_images import as_linked, places
from clinseek_assets.release.scope import Scope

LINKS = "report_links"
WHAT = "multimodal: linked reports"
# What can be wrong with a linked report -> what the others are, in the order in which it is told.
REPORT_STATES = {
    "missing": "that are there",
    "outside_root": "inside their root",
    "damaged": "that are whole",
    "unreadable": "that can be read",
    "empty": "with content",
    "not_utf8": "in UTF-8",
}
LINK_COLUMNS = ["qid", "row_number", "subtask", "position", "released_path", "status", "sha256"]


def report_checks(questions: Sequence[Question], scope: Scope) -> Iterator[ReleaseCheck]:
    """Whether every linked report is there and holds text, and is still what `report_links` has.

    Paths that cannot be of their row are told by `linked_paths.path_checks` and play no part here.

    Args:
        questions: of the multimodal manifest; where none links a report, there is nothing to check.
        scope: where the reports and the artifacts lie, and which links must be there.
    """
    if not any(question.report_paths for question in questions):
        return
    try:
        found = _found(questions, _reports(scope.settings), scope.stage("Linked reports"))
    except ReportFault as fault:
        yield unusable("multimodal: radiology reports", "not readable", str(fault))
        return
    reports = found.drop_duplicates("released_path")
    failing = {str(state): places(rows) for state, rows in reports.groupby("status")}
    yield from by_state(WHAT, REPORT_STATES, len(reports), failing)
    yield from as_linked("report", found[found["subtask"].isin(scope.subtasks(LINKS, questions))], scope.layout)


def _reports(settings: Settings) -> ReportTexts:
    if settings.mimic_cxr_root is None:
        raise ReportFault(
            "missing",
            "No folder of MIMIC-CXR is named, where the radiology reports lie.",
            mend="Set MIMIC_CXR_ROOT (`clinseek doctor` shows where to get it).",
        )
    return ReportTexts.of(settings.mimic_cxr_root)


def _found(questions: Sequence[Question], texts: ReportTexts, progress: Callable[[int, int], None]) -> pandas.DataFrame:
    """Every link of a report as it is now, in the columns `LINK_COLUMNS`; each report is read once."""
    read: dict[ReleasedReport, dict[str, Any]] = {}
    rows: list[dict[str, Any]] = []
    for done, question in enumerate(questions, 1):
        for position, released in enumerate(question.report_paths, 1):
            try:
                report = read_report_path(released, question.dataset, question.subject_id)
            except ImageFault:
                continue
            if report not in read:
                read[report] = _state(texts, report)
            place = {"qid": question.qid, "row_number": question.row_number, "subtask": question.task}
            rows.append({**place, "position": position, "released_path": released, **read[report]})
        progress(done, len(questions))
    return pandas.DataFrame(rows, columns=LINK_COLUMNS)


def _state(texts: ReportTexts, report: ReleasedReport) -> dict[str, Any]:
    try:
        texts.text(report.subject_id, report.study_id)
        return {"status": OK, "sha256": texts.sha256(report.subject_id, report.study_id)}
    except ReportFault as fault:
        return {"status": fault.kind}
