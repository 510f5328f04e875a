"""Multimodal contexts: the published layout, the two rules of time, and what depends on nothing else."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pandas
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts.multimodal import multimodal_contexts, multimodal_strict_contexts
from clinseek_assets.contexts.multimodal_layout import ShownTable, render_input_text
from clinseek_assets.contexts.multimodal_schema import MULTIMODAL_CONTEXTS, MULTIMODAL_STRICT_CONTEXTS
from clinseek_assets.contexts.shortened_record import shortened_record
from clinseek_assets.records.pinned.record_files import RecordFiles
from clinseek_assets.storage.fingerprint import of_text
from clinseek_assets_tests.records.pinned.dataset_lives import DATASETS, write_dataset_reference
from clinseek_assets_tests.records.pinned.lives import at, write_database
from clinseek_assets_tests.records.pinned.test_dataset_records import BASE, BILLED, NEXT, OWN
from clinseek_assets_tests.records.tools.test_dataset_tools import question

IMAGE = "MedModOriginalLinked_v1/mimic-cxr/2.0.0/files/p19/p19990001/s59990001/aaaaaaaa.jpg"
# A life with something that only the published rule shows, in rows and in values, and 90 charted values.
LIFE = {
    "ehrxqa": {
        **BASE["ehrxqa"],
        "diagnoses_icd": [
            {"hadm_id": OWN, "icd_code": "4019", "charttime": at(-20)},
            {"hadm_id": BILLED, "icd_code": "0389", "charttime": at(-900)},
        ],
    },
    "medmod": {
        **BASE["medmod"],
        "events": [
            *({"hadm_id": OWN, "stay_id": 7, "itemid": 220045, "charttime": at(-19 + h / 5), "valuenum": float(h),
               "value": "a, \"b\""} for h in range(90)),
            {"hadm_id": OWN, "stay_id": 7, "itemid": 50801, "charttime": at(-0.5), "valuenum": 7.0},
        ],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RecordFiles]:
    folder = tmp_path_factory.mktemp("records")
    found = {}
    for dataset in DATASETS:
        write_database(folder / dataset, LIFE[dataset], dataset=dataset)
        found[dataset] = RecordFiles(folder / dataset, write_dataset_reference(folder / f"{dataset}.db", dataset))
    return found


def asked(task_type: str = "medmod_decompensation", **changes: object) -> Question:
    return replace(question(task_type), question="Will it?", image_paths=(IMAGE,), **changes)


def one(frame: pandas.DataFrame) -> dict:
    (row,) = frame.to_dict(orient="records")
    return row


def sections(context: str) -> dict[str, list[str]]:
    """Table -> its lines: counts, then CSV."""
    record = context.split("<ehr_context>\n\n")[1].split("\n\n</ehr_context>")[0]
    return {part.splitlines()[0]: part.splitlines()[1:] for part in record.removeprefix("### ").split("\n\n### ")}


def test_the_layout_is_the_published_one(files):
    row = one(multimodal_contexts([asked()], files))
    head, rest = row["context"].split("\n\n<ehr_context>\n\n")
    record, images = rest.split("\n\n</ehr_context>\n\n")
    assert head == "Will it?"
    assert images == f"<image_inputs>\n\n- {IMAGE}\n\n</image_inputs>"
    assert [line for line in record.splitlines() if line.startswith("### ")] == ["### events", "### stays"]
    assert row["status"] == "rendered" and row["context_sha256"] == of_text(row["context"]) and row["tokens"] > 100


def test_at_most_the_latest_eighty_rows_are_included_the_earliest_first(files):
    lines = sections(one(multimodal_contexts([asked()], files))["context"])["events"]
    assert lines[0] == "Visible rows: 91; rows included: 80."
    rows = list(csv.DictReader(io.StringIO("\n".join(lines[1:]))))
    assert [row["valuenum"] for row in rows] == [*(f"{h}.0" for h in range(11, 90)), "7.0"]
    assert {row["value"] for row in rows[:-1]} == {'a, "b"'} and rows[-1]["value"] == ""
    assert (rows[0]["label"], rows[0]["hadm_id"]) == ("Heart Rate", str(OWN))


def test_the_strict_twin_differs_by_what_was_not_known_and_by_nothing_else(files):
    questions = [asked(), asked("ehrxqa_image", qid="ehrxqa_test_2", row_number=2)]
    published, strict = multimodal_contexts(questions, files), multimodal_strict_contexts(questions, files)
    MULTIMODAL_CONTEXTS.validate(published)
    MULTIMODAL_STRICT_CONTEXTS.validate(strict)
    of_medmod, of_ehrxqa = strict.to_dict(orient="records")
    assert of_medmod["context"].split("<ehr_context>")[0] == published["context"][0].split("<ehr_context>")[0]
    # The result of half an hour ago is not known; an older value stands in its place.
    assert (of_medmod["rows_curated_only"], of_medmod["rows_strict_only"]) == (1, 1)
    assert sections(of_medmod["context"])["events"][0] == "Visible rows: 90; rows included: 80."
    # The own admission's diagnosis and the end of the own admission; of the ICU stay its end.
    assert of_ehrxqa["rows_curated_only"] == 1
    assert of_ehrxqa["values_curated_only"] == 2
    told = sections(of_ehrxqa["context"])
    assert told["diagnoses_icd"][0] == "Visible rows: 1; rows included: 1." and "0389" in told["diagnoses_icd"][2]
    assert told["cost"] == ["Visible rows: 0; rows included: 0."]
    assert str(at(30)) not in of_ehrxqa["context"] and str(at(30)) in published["context"][1]


def test_nothing_after_the_moment_is_in_any_strict_context(files):
    row = one(multimodal_strict_contexts([asked("ehrxqa_image")], files))
    assert f",{NEXT}," not in row["context"]


def test_a_text_that_the_manifest_gives_is_taken_and_has_a_strict_twin_all_the_same(files):
    given_text = asked(input="given by the release")
    assert one(multimodal_contexts([given_text], files))["context"] == "given by the release"
    assert one(multimodal_contexts([given_text], files))["status"] == "given"
    assert one(multimodal_strict_contexts([given_text], files))["status"] == "rendered"


def test_reports_are_in_both_or_in_none(files):
    reports = {asked().qid: ["FINDINGS: clear.\n\nIMPRESSION: none.", "Second."]}
    for made in (multimodal_contexts, multimodal_strict_contexts):
        off, on = one(made([asked()], files)), one(made([asked()], files, reports=reports))
        added = (
            "\n\n<radiology_report>\nFINDINGS: clear.\n\nIMPRESSION: none.\n</radiology_report>"
            "\n\n<radiology_report>\nSecond.\n</radiology_report>"
        )
        assert on["context"] == off["context"] + added
        assert one(made([asked()], files, reports={}))["context_sha256"] == off["context_sha256"]


def test_no_image_is_told(files):
    context = one(multimodal_contexts([replace(asked(), image_paths=())], files))["context"]
    assert context.endswith("<image_inputs>\n\nNONE\n\n</image_inputs>")


def test_a_patient_without_a_database_has_no_context(files, tmp_path):
    told: list[tuple[int, int]] = []
    questions = [asked(subject_id=7), asked(qid="b", row_number=2)]
    for made, schema in (
        (multimodal_contexts, MULTIMODAL_CONTEXTS),
        (multimodal_strict_contexts, MULTIMODAL_STRICT_CONTEXTS),
    ):
        frame = made(questions, files, progress=lambda done, total: told.append((done, total)))
        schema.validate(frame)
        assert frame["status"].tolist() == ["no_database", "rendered"] and frame["context"].isna().tolist() == [
            True,
            False,
        ]
        assert one(made([asked()], {"ehrxqa": RecordFiles(tmp_path, Path("none"))}))["status"] == "no_database"
        schema.validate(made([], files))
    assert told == [(1, 1), (1, 1)]


def test_processes_give_what_one_process_gives(files):
    questions = [asked(qid=f"q{number}", row_number=number + 1) for number in range(200)]
    together = multimodal_contexts(questions, files)
    assert together["context"].nunique() == 1
    assert together["context"][0] == one(multimodal_contexts(questions[:1], files))["context"]


def test_a_context_that_is_too_long_loses_its_oldest_rows_only(files):
    """The layout is the one that `shortened_record` reads."""
    context = one(multimodal_contexts([asked()], files))["context"]
    short = shortened_record(context, len(context.encode()) - 1_500)
    assert len(short) < len(context) and "earlier rows of this table are left out" in short
    assert short.startswith("Will it?") and IMAGE in short and "7.0" in short and ",11.0" not in short


CELLS = st.one_of(st.none(), st.integers(), st.floats(allow_nan=False), st.text(st.characters(codec="utf-8")))


@example([(None, "\r"), ("a\r\nb", '"')])
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_every_value_comes_back_out_of_the_csv(rows):
    shown = ShownTable("t", ("a", "b"), tuple(rows), tuple(range(len(rows))), len(rows))
    text = render_input_text("?", [shown], [])
    body = text.split("rows included: ")[1].split("\n", 1)[1].rsplit("\n\n</ehr_context>", 1)[0]
    read = list(csv.reader(io.StringIO(body, newline="")))
    assert read[0] == ["a", "b"]
    assert read[1:] == [["" if cell is None else str(cell) for cell in row] for row in rows]
