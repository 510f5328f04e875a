"""MIMIC-CXR and MIMIC-CXR-JPG on disk: the lists of all studies, the one zip of reports, the linked images.

As with the real datasets, a user has the lists of everybody's studies and downloads only the images that are needed.
"""

from __future__ import annotations

import multiprocessing
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from clinseek_assets.benchmark.vocabularies import CHEXPERT_LABELS
from clinseek_assets.synthetic.multimodal.chest import chest_of
from clinseek_assets.synthetic.multimodal.csv_files import write_csv
from clinseek_assets.synthetic.multimodal.drawing import Size, film
from clinseek_assets.synthetic.multimodal.reports import report_of
from clinseek_assets.synthetic.multimodal.studies import Study, studies_of
from clinseek_assets.synthetic.patients import Patient, draw_patient
from clinseek_assets.synthetic.randomness import Dice

METADATA_HEADER = (
    "dicom_id",
    "subject_id",
    "study_id",
    "PerformedProcedureStepDescription",
    "ViewPosition",
    "Rows",
    "Columns",
    "StudyDate",
    "StudyTime",
    "ProcedureCodeSequence_CodeMeaning",
    "ViewCodeSequence_CodeMeaning",
    "PatientOrientationCodeSequence_CodeMeaning",
)
SPLIT_HEADER = ("dicom_id", "study_id", "subject_id", "split")
SPLITS = {"train": 90, "validate": 5, "test": 5}
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
# Below so many images a second process costs more than it saves.
WORTH_PROCESSES = 200

Progress = Callable[[int, int], None]


def write_lists(folder: Path, studies: Sequence[Study], size: Size, seed: int) -> dict[str, int]:
    """Write the three lists of MIMIC-CXR-JPG 2.0.0 of all these studies; return the rows by list."""
    name = "mimic-cxr-2.0.0-{}.csv.gz".format
    labels = ("subject_id", "study_id", *CHEXPERT_LABELS)
    return {
        "metadata": write_csv(folder / name("metadata"), METADATA_HEADER, _metadata(studies, size)),
        "chexpert": write_csv(folder / name("chexpert"), labels, map(_labels, studies)),
        "split": write_csv(folder / name("split"), SPLIT_HEADER, split_rows(studies, seed)),
    }


def write_reports(path: Path, lives: Iterable[tuple[Patient, Sequence[Study]]], seed: int) -> int:
    """Write the zip of all reports, `files/p10/p10000032/s50414267.txt`; return how many there are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for patient, studies in lives:
            for place, study in enumerate(studies):
                before = studies[place - 1] if place else None
                entry = zipfile.ZipInfo(study.report_file, ZIP_TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, report_of(patient, study, before, seed))
                count += 1
    return count


def write_images(folder: Path, studies: Sequence[Study], size: Size, seed: int, progress: Progress) -> int:
    """Write the frontal JPGs of these studies in PhysioNet's folders; return how many."""
    by_patient: dict[int, list[int]] = {}
    for study in studies:
        by_patient.setdefault(study.patient_number, []).append(study.number)
    done = 0
    for files in _films(by_patient, size, seed, many=len(studies) >= WORTH_PROCESSES):
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        done += len(files)
        progress(done, len(studies))
    return done


def split_rows(studies: Iterable[Study], seed: int) -> Iterator[tuple[Any, ...]]:
    """The recommended part of each image: drawn by patient."""
    for study in studies:
        part = Dice(f"{seed}/split/{study.subject_id}").weighted(SPLITS)
        for dicom_id in _images(study):
            yield dicom_id, study.study_id, study.subject_id, part


def _films(by_patient: Mapping[int, list[int]], size: Size, seed: int, *, many: bool) -> Iterator[dict[str, bytes]]:
    jobs = [(number, wanted, size, seed) for number, wanted in by_patient.items()]
    if not many:
        yield from (_films_of(*job) for job in jobs)
        return
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_films_of, *zip(*jobs, strict=True), chunksize=8)


def _films_of(number: int, wanted: list[int], size: Size, seed: int) -> dict[str, bytes]:
    patient = draw_patient(number, seed)
    chest, studies = chest_of(patient, seed), studies_of(patient, seed)
    return {studies[one].image_file: film(chest, studies[one], size, seed) for one in wanted}


def _images(study: Study) -> list[str]:
    return [image for image in (study.dicom_id, study.repeated_id, study.lateral_id) if image]


def _metadata(studies: Iterable[Study], size: Size) -> Iterator[tuple[Any, ...]]:
    width, height = size
    for study in studies:
        # The clock is written as a number: leading zeros fall away.
        clock = float(f"{study.time:%H%M%S}.{study.milliseconds:03d}")
        date = f"{study.time:%Y%m%d}"
        for dicom_id in _images(study):
            view = "LATERAL" if dicom_id == study.lateral_id else study.view
            yield (
                dicom_id,
                study.subject_id,
                study.study_id,
                "CHEST (PORTABLE AP)" if study.view == "AP" else "CHEST (PA AND LAT)",
                view,
                height,
                width,
                date,
                clock,
                "CHEST (PORTABLE AP)" if study.view == "AP" else "CHEST (PA AND LAT)",
                {"AP": "antero-posterior", "PA": "postero-anterior", "LATERAL": "lateral"}[view],
                "Recumbent" if study.illness > 0.6 else "Erect",
            )


def _labels(study: Study) -> tuple[Any, ...]:
    return (study.subject_id, study.study_id, *study.chexpert.values())
