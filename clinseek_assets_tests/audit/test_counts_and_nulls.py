"""The probe that learns: it finds what is there to find, and never by recognising a patient."""

from __future__ import annotations

import numpy as np
import pytest

from clinseek_assets.audit.counts_and_nulls import auroc, learned
from clinseek_assets.audit.plants import UNLIMITED
from clinseek_assets.audit.shapes import NO_ROWS, shape_of
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets_tests.records.pinned.lives import BASE, OWN, PATIENT, T, at, write_database, write_reference

QUESTIONS = 120


def questions(seed: int) -> tuple[np.random.Generator, list[bool]]:
    random = np.random.default_rng(seed)
    return random, [bool(answer) for answer in random.permutation(np.arange(QUESTIONS) % 2)]


def test_a_number_of_rows_that_tells_is_found():
    random, answers = questions(1)
    shapes = [(float(random.normal()), float(answer) + random.normal(scale=0.3), 7.0) for answer in answers]
    told = learned(shapes, answers, list(range(QUESTIONS)))
    assert told is not None and auroc(answers, list(told)) > 0.9


def test_noise_tells_nothing():
    random, answers = questions(2)
    shapes = [tuple(random.normal(size=20)) for _ in answers]
    told = learned(shapes, answers, list(range(QUESTIONS)))
    assert told is not None and 0.3 < auroc(answers, list(told)) < 0.7


def test_a_patient_who_is_recognised_does_not_count():
    """Every patient has three questions with one answer and a shape of their own, which says nothing of others."""
    random, answers = questions(3)
    patients = [patient for patient in range(QUESTIONS) for _ in range(3)]
    own = [float(random.normal()) for _ in range(QUESTIONS)]
    of_each = [answers[patient] for patient in patients]
    told = learned([(own[patient],) for patient in patients], of_each, patients)
    assert told is not None and auroc(of_each, list(told)) < 0.7


@pytest.mark.parametrize("yes", [0, 4])
def test_of_too_few_patients_nothing_is_learned(yes):
    answers = [place < yes for place in range(40)]
    assert learned([(1.0,)] * 40, answers, list(range(40))) is None


def test_shapes_that_are_all_alike_tell_nothing():
    _, answers = questions(4)
    told = learned([(1.0, 2.0)] * QUESTIONS, answers, list(range(QUESTIONS)))
    assert told is not None and auroc(answers, list(told)) == 0.5


def test_one_answer_has_no_area():
    assert auroc([True, True], [0.1, 0.9]) is None
    assert auroc([True, False], [0.9, 0.1]) == 1.0


def test_a_shape_is_rows_and_shares_of_null_and_nothing_else(tmp_path):
    life = {**BASE, "omr": [{"result_name": "Weight", "chartdate": at(-100).date()}, {"chartdate": at(-100).date()}]}
    write_database(tmp_path, life)
    reference = write_reference(tmp_path / "reference.db")
    with PinnedRecord(
        Pin(PATIENT, OWN, T, "ICU_Stay_7day"), "strict", databases=tmp_path, reference=reference, limits=UNLIMITED
    ) as record:
        shape = shape_of(record)
        widths = {table: 1 + len(columns) for table, columns in sorted(record.tables.items())}
    start = sum(width for table, width in widths.items() if table < "omr")
    assert len(shape) == sum(widths.values())
    assert shape[start] == pytest.approx(np.log(3))
    assert all(0 <= share <= 1 for share in shape[start + 1 : start + widths["omr"]])
    assert shape[1 + 1 : widths["admissions"]] != (NO_ROWS,) * (widths["admissions"] - 2)
