"""MedMod's list files, stays and images against the manifest's MedMod rows.

Source of the rules: MedMod's own preprocessing, by which a row's X-ray is the latest AP study between the ICU stay's
begin and the row's moment, both inclusive; and the published validator, which compares the same points.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import pandas

from clinseek_assets.benchmark.multimodal.qids import parse_qid
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.vocabularies import PHENOTYPES
from clinseek_assets.mimic.multimodal.agreement import Point, agreement_frame
from clinseek_assets.mimic.multimodal.cxr_lists import FRONTAL
from clinseek_assets.mimic.multimodal.linked_studies import LinkedImage
from clinseek_assets.mimic.multimodal.medmod_lists import HOURS_OF_ZERO, list_of

# The task whose list file has a row a stay, all with a period of 0.
ONCE_A_STAY = "medmod_in_hospital_mortality"
RADIOLOGY = "medmod_radiology"
# Periods have six decimals of an hour, moments whole seconds.
SAME_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True)
class MedmodSources:
    """What MedMod rows are compared with.

    Attributes:
        lists: (task, part) -> the list file's rows as `medmod_lists.read_list_rows` gives them; a list that is not
            there is missing.
        stays: the extracted `medmod/stays`: stay_id, subject_id, hadm_id, intime.
        images: the metadata list, as `cxr_lists.read_images` gives it.
        positives: study_id -> its CheXpert labels, or None where that list is not there.
        parts: image -> the part of the data that MedMod's own split puts it in, or None where that file is not there.
    """

    lists: Mapping[tuple[str, str], pandas.DataFrame]
    stays: pandas.DataFrame
    images: pandas.DataFrame
    positives: Mapping[int, frozenset[str]] | None
    parts: Mapping[str, str] | None = None

    @cached_property
    def stay_of(self) -> dict[int, dict[str, object]]:
        """stay_id -> its row of `stays`."""
        rows = self.stays.astype("object").to_dict("index")
        return {int(row["stay_id"]): {str(name): value for name, value in row.items()} for row in rows.values()}

    @cached_property
    def frontal_of(self) -> dict[int, pandas.DataFrame]:
        """subject_id -> the patient's AP images with a time."""
        frontal = self.images[self.images["view"].eq(FRONTAL).fillna(False) & self.images["studydatetime"].notna()]
        return {int(str(subject)): rows for subject, rows in frontal.groupby("subject_id")}

    def list_rows(self, question: Question) -> pandas.DataFrame | None:
        """The rows of the list file that a question was taken from; None where that file is not there."""
        place = list_of(question)
        return self.lists.get(place) if place else None

    def list_row(self, question: Question) -> dict[str, object] | None:
        """The list file's row of a question: the same stay, and the same hours where a stay has more than one row."""
        rows, parts = self.list_rows(question), parse_qid(question.qid)
        if rows is None or parts is None or parts.stay_id is None or parts.period_length is None:
            return None
        found = rows[rows["stay_id"].eq(parts.stay_id)]
        if question.task_type != ONCE_A_STAY:
            found = found[found["period_length"].eq(parts.period_length)]
        return {str(name): value for name, value in found.iloc[0].items()} if len(found) else None


def medmod_agreement(
    questions: Iterable[Question], linked: Iterable[LinkedImage], sources: MedmodSources
) -> pandas.DataFrame:
    """Compare MedMod rows with their sources.

    Points of the three tasks with list files: `in list file`, and of those that are `label`, `subject_id` (by the name
    of the time series); `stay in stays.csv`, and of those that are `hadm_id`, `prediction_time` (the stay's begin and
    the period) and `latest AP study`. Points of radiology: `CheXpert labels`, `prediction_time` (the study's). Points
    of every linked image: `image in metadata`, and of those that are `study of image`, `view AP`; `part of image`.

    Returns:
        Columns row_number, what, agrees.
    """
    own = [question for question in questions if question.dataset == "medmod"]
    images: dict[int, list[LinkedImage]] = {}
    for image in linked:
        if image.question.dataset == "medmod":
            images.setdefault(image.question.row_number, []).append(image)
    points: list[Point] = []
    for question in own:
        of_row = images.get(question.row_number, [])
        compare = _of_radiology if question.task_type == RADIOLOGY else _of_stay
        points += compare(question, of_row, sources)
        points += (point for image in of_row for point in _of_image(image, sources))
    return agreement_frame(points)


def _of_stay(question: Question, images: list[LinkedImage], sources: MedmodSources) -> Iterator[Point]:
    row_number = question.row_number
    row = sources.list_row(question)
    if sources.list_rows(question) is not None:
        yield Point(row_number, "in list file", row is not None)
    if row is not None:
        yield Point(row_number, "label", _labels(row) == set(question.gold))
        yield Point(row_number, "subject_id", str(row["stay"]).split("_")[0] == str(question.subject_id))
    stay = sources.stay_of.get(question.stay_id) if question.stay_id is not None else None
    yield Point(row_number, "stay in stays.csv", stay is not None)
    if stay is not None:
        intime = pandas.Timestamp(str(stay["intime"])).to_pydatetime()
        moment = _moment(question, intime, row)
        yield Point(row_number, "hadm_id", stay["hadm_id"] == question.hadm_id)
        yield Point(row_number, "prediction_time", abs(moment - question.prediction_time) < SAME_MOMENT)
        latest = _latest(sources, question, intime)
        yield Point(row_number, "latest AP study", bool(images) and {image.study_id for image in images} <= latest)


def _labels(row: Mapping[str, object]) -> set[str]:
    """A list file's row as the manifest's gold names it."""
    if "y_true" in row:
        return {"yes" if row["y_true"] == 1 else "no"}
    return {name for name in PHENOTYPES if row[name] == 1}


def _moment(question: Question, intime: datetime, row: Mapping[str, object] | None) -> datetime:
    """The moment that the sources give a row: the list file's own, else the stay's begin and the period."""
    if row is not None and not pandas.isna(row["endtime"]):  # type: ignore[call-overload]
        return pandas.Timestamp(str(row["endtime"])).to_pydatetime()
    parts = parse_qid(question.qid)
    return intime + timedelta(hours=(parts and parts.period_length) or HOURS_OF_ZERO)


def _latest(sources: MedmodSources, question: Question, intime: datetime) -> set[int]:
    """The latest AP studies from the stay's begin to the row's moment, both inclusive: several where they tie."""
    images = sources.frontal_of.get(question.subject_id)
    if images is None:
        return set()
    within = images[images["studydatetime"].between(intime, question.prediction_time)]
    return set(within.loc[within["studydatetime"].eq(within["studydatetime"].max()), "study_id"].tolist())


def _of_radiology(question: Question, images: list[LinkedImage], sources: MedmodSources) -> Iterator[Point]:
    row_number = question.row_number
    if sources.positives is not None:
        found = set().union(*(sources.positives.get(image.study_id, frozenset()) for image in images))
        yield Point(row_number, "CheXpert labels", found == set(question.gold))
    times = {sources.images["studydatetime"].get(image.dicom_id) for image in images}
    yield Point(row_number, "prediction_time", times == {pandas.Timestamp(question.prediction_time)})


def _of_image(image: LinkedImage, sources: MedmodSources) -> Iterator[Point]:
    row_number = image.question.row_number
    if sources.parts is not None:
        parts = parse_qid(image.question.qid)
        yield Point(row_number, "part of image", parts is not None and sources.parts.get(image.dicom_id) == parts.split)
    listed = image.dicom_id in sources.images.index
    yield Point(row_number, "image in metadata", listed)
    if listed:
        found = sources.images.loc[image.dicom_id]
        own = found["study_id"] == image.study_id and found["subject_id"] == image.question.subject_id
        yield Point(row_number, "study of image", bool(own))
        yield Point(row_number, "view AP", bool(not pandas.isna(found["view"]) and found["view"] == FRONTAL))
