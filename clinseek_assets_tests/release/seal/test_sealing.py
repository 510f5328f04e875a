"""A seal is the same wherever and however the same was built, holds nothing of it, and is made of nothing less."""

import hmac
import itertools
import json
import os
import re

import pytest

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.benchmark.multimodal.manifest_file import read_multimodal_manifest
from clinseek_assets.faults import Fault
from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.release.seal.questions import question_content
from clinseek_assets_tests.release.a_release import DICTIONARIES, STUDIES, dicom_of
from clinseek_assets_tests.release.built import settings_of
from clinseek_assets_tests.release.seal.a_sealed_release import (
    CANARY,
    PATIENTS,
    QUESTIONS,
    SALT,
    built,
    lay_text,
    rebuilt,
    sealed,
    tables,
    verified,
)

SOURCE_TABLES = tuple(tables())


def test_the_folder_the_form_of_the_sources_and_the_threads_do_not_count(seal, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    again = built(tmp_path / "elsewhere" / "under another name", gz_level=9, names=SOURCE_TABLES[::-1])
    assert (again / "sources" / "mimic_iv" / "hosp" / "labevents.csv.gz").is_file()
    assert sealed(again) == seal
    assert verified(again, seal).ok


def test_other_patients_rows_in_the_sources_do_not_count(bed, seal):
    """They move every record number, and none of the rows that are sealed among themselves."""
    rows = tables()
    strangers = [
        {**row, "subject_id": "19999999", "labevent_id": str(9_000_000 + place)}
        for place, row in enumerate(rows["labevents"])
    ]
    rows["labevents"] = list(itertools.chain(*zip(strangers, rows["labevents"], strict=True)))
    assert sealed(rebuilt(bed.root, rows)) == seal


def test_the_order_of_a_patients_rows_counts(bed, seal):
    """By the file's order the benchmark orders what happened in the same second."""
    rows = tables()
    rows["labevents"][4:6] = rows["labevents"][5:3:-1]
    verdict = verified(rebuilt(bed.root, rows), seal)
    assert [(one.artifact, one.rows) for one in verdict.differences] == [("text_patient_databases/labevents", (3,))]


def test_a_new_salt_makes_another_seal_of_the_same(original, seal):
    other = sealed(original, salt=SALT[::-1])
    assert other.name != seal.name and verified(original, other).ok
    for one, another in zip(seal.parts, other.parts, strict=True):
        assert one.name == another.name
        assert not set(one.split_tokens()) & set(another.split_tokens())


def test_a_seal_holds_no_id_no_text_and_no_hash_that_could_be_made_of_them(original, seal):
    text = seal.model_dump_json()
    tokens = b"".join(token for part in seal.parts for token in part.split_tokens())
    assert "10000030" not in text and not re.search(r"\bq\d+\b|2150-|ehrxqa_test|_test_|files/p1", text)
    settings = settings_of(original)
    questions = [*read_manifest(settings.text_manifest), *read_multimodal_manifest(settings.multimodal_manifest)]
    secrets = {CANARY, "Chief complaint", "CHEST (PA AND LAT)", *(dicom_of(study) for study in STUDIES)}
    for question in questions:
        secrets |= {str(question.subject_id), str(question.hadm_id or CANARY), *question.image_paths}
        plain = question_content(question)
        salted = hmac.digest(SALT, plain, "sha256")
        assert plain[:8] not in tokens and salted[:8] not in tokens and plain.hex()[:16] not in text
    assert not {secret for secret in secrets if secret in text}
    told = json.loads(text)
    assert told["splits"]["text"] == {"questions": QUESTIONS, "patients": len(PATIENTS)}


def test_all_that_was_built_is_in_it(seal):
    names = {part.name: part for part in seal.parts}
    of_record = {name.split("/")[1] for name in names if name.startswith("text_patient_databases/")}
    derived = {"admissions.text", "diagnoses_icd.charttime", "diagnosis.charttime"}
    assert of_record == {name for name, table in TABLES.items() if table.of_patients} | derived
    assert {f"reference_tables/{name}" for name in DICTIONARIES} < set(names)
    assert {"image_links", "report_links", "text_strict_contexts", "multimodal_contexts"} < set(names)
    assert len(names["text_contexts"].split_tokens()) == QUESTIONS
    assert set(seal.manifests) == {"text", "multimodal"}


def test_one_split_is_sealed_by_itself(original):
    seal = sealed(original, splits=("multimodal",))
    assert {part.split for part in seal.parts} == {"multimodal"} and set(seal.splits) == {"multimodal"}
    assert not seal.locks  # four patients are too few
    assert verified(original, seal).ok


@pytest.mark.parametrize("what", ["database", "context", "image", "report", "dictionary", "broken database"])
def test_nothing_less_than_all_is_sealed(bed, what):
    question, other = bed.of_task("text", "radiology", 2), bed.of_task("multimodal", "ehrxqa")
    if what == "database":
        bed.database(question).unlink()
    elif what == "broken database":
        bed.cut(bed.database(question))
    elif what == "context":
        bed.layout.contexts("text", "curated_strict", "radiology").unlink()
    elif what == "image":
        bed.cut(bed.image(other))
    elif what == "report":
        bed.alter_report(other, lambda content: None)
    else:
        bed.layout.dataset_reference("medmod").unlink()
    with pytest.raises(Fault) as refused:
        sealed(bed.root)
    named = {
        "database": "text_patient_databases of the text split (rows 3)",
        "broken database": "text_patient_databases of the text split (rows 3)",
        "context": f"text_strict_contexts of the text split (rows 1, 2, 3, 4, 5, {QUESTIONS} in all)",
        "image": "image_links of the multimodal split (rows 1, 2)",
        "report": "report_links of the multimodal split (rows 1, 2)",
        "dictionary": "medmod_reference_tables of the multimodal split",
    }
    assert f"can be read: {named[what]}." in str(refused.value)
    assert str(question.subject_id) not in str(refused.value)


def test_a_change_in_the_sources_counts_once_it_is_built(bed, seal):
    rows = tables()
    rows["labevents"][0]["valuenum"] = "1.25"
    lay_text(bed.root, rows)
    assert verified(bed.root, seal).ok
    assert not verified(rebuilt(bed.root, rows), seal).ok
