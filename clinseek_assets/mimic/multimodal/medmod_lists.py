"""MedMod's list files: which stay, at which hour, has which label. Read to be compared, never shown.

Forms: `stay,period_length,stay_id,y_true`, for phenotyping one column a phenotype instead of `y_true`. `stay` is the
name of a time series, `<subject_id>_episode<n>_timeseries.csv`. Hours are counted from the ICU stay's begin; for
in-hospital mortality they are 0 and 48 are meant. Some builds add the end of the period as a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas

from clinseek_assets.benchmark.groups import TASKS
from clinseek_assets.benchmark.multimodal.qids import parse_qid
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.vocabularies import PHENOTYPES
from clinseek_assets.mimic.extraction import rows_with
from clinseek_assets.mimic.multimodal.dataset_files import find_medmod_list
from clinseek_assets.mimic.source_files import SourceFile
from clinseek_assets.mimic.tables import Column, ColumnType, Table, columns

_KEYS = columns("""
    stay          text!    the file of the time series
    period_length real!    hours since the ICU stay's begin
    stay_id       integer! the ICU stay
    endtime       datetime the end of the period
""")


def _list_file(task: str, labels: Iterable[Column]) -> Table:
    return Table("medmod", f"{task} list", "MedMod's labels of a task.", (*_KEYS, *labels), (), optional=("endtime",))


_YES_NO = columns("y_true integer! 1 for yes, 0 for no")
LIST_FILES: dict[str, Table] = {
    "decompensation": _list_file("decompensation", _YES_NO),
    "in-hospital-mortality": _list_file("in-hospital-mortality", _YES_NO),
    "phenotyping": _list_file("phenotyping", (Column(name, ColumnType.INTEGER, True) for name in PHENOTYPES)),
}
# What a period of 0 hours stands for: the first 48 hours.
HOURS_OF_ZERO = 48.0


def find_list_files(root: Path | None, questions: Iterable[Question]) -> dict[tuple[str, str], SourceFile | None]:
    """The list files that the questions were taken from.

    Args:
        root: MedMod's folder.
        questions: of any task; those without a list file play no part.

    Returns:
        (task, part) -> its file, or None where it is not there.
    """
    wanted = set(filter(None, map(list_of, questions)))
    return {(task, part): find_medmod_list(root, LIST_FILES[task], task, part) for task, part in sorted(wanted)}


def list_of(question: Question) -> tuple[str, str] | None:
    """Task and part of the list file that a question was taken from; None where its task has none."""
    parts = parse_qid(question.qid)
    task = TASKS[question.task_type].upstream
    return (task, parts.split) if parts and task in LIST_FILES else None


def read_list_rows(source: SourceFile, questions: Iterable[Question]) -> pandas.DataFrame:
    """The rows of a list file that belong to the questions' ICU stays.

    Returns:
        The file's columns (`period_length` in hours, `endtime` NaT where the build has none) and `source_row`.

    Raises:
        SourceFault: the file is damaged or not of the expected shape.
    """
    parts = (parse_qid(question.qid) for question in questions)
    stays = {found.stay_id for found in parts if found and found.stay_id is not None}
    return rows_with(source, "stay_id", stays).to_pandas()
