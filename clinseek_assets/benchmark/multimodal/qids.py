"""What a released qid says: the dataset, its task and part, and which of its rows the question was made of."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clinseek_assets.benchmark.groups import EHRXQA, MEDMOD, TASKS

_EHRXQA = re.compile(r"ehrxqa_(?P<split>[a-z]+)_(?P<record>\d+)", re.ASCII)
_RADIOLOGY = re.compile(r"medmod_radiology_(?P<split>[a-z]+)_(?P<study>\d+)", re.ASCII)
_OF_STAY = re.compile(r"medmod_(?P<task>[a-z-]+)_(?P<split>[a-z]+)_(?P<stay>\d+)_(?P<period>\d+(?:\.\d+)?)", re.ASCII)


@dataclass(frozen=True)
class QidParts:
    """The parts of a qid.

    Attributes:
        dataset: `ehrxqa` or `medmod`.
        task: the released task.
        split: the dataset's part, as the qid writes it.
        record_id: of EHRXQA: the id of the upstream record.
        study_id: of MedMod's radiology task: the study.
        stay_id, period_length: of MedMod's other tasks: the ICU stay, and the hours since its begin (0 for in-hospital
            mortality, whose list file says so).
    """

    dataset: str
    task: str
    split: str
    record_id: int | None = None
    study_id: int | None = None
    stay_id: int | None = None
    period_length: float | None = None


def parse_qid(qid: str) -> QidParts | None:
    """The parts of a qid; None where it has not the form of any."""
    if found := _EHRXQA.fullmatch(qid):
        return QidParts(EHRXQA, "ehrxqa_image", found["split"], record_id=int(found["record"]))
    if found := _RADIOLOGY.fullmatch(qid):
        return QidParts(MEDMOD, "medmod_radiology", found["split"], study_id=int(found["study"]))
    if (found := _OF_STAY.fullmatch(qid)) and (task := _TASKS_OF_STAYS.get(found["task"])):
        return QidParts(MEDMOD, task, found["split"], stay_id=int(found["stay"]), period_length=float(found["period"]))
    return None


_TASKS_OF_STAYS = {
    task.upstream: name for name, task in TASKS.items() if task.dataset == MEDMOD and name != "medmod_radiology"
}
