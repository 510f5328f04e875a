"""The EHR tools over records of EHRXQA and MedMod: all of them work, and a vocabulary is there where a task has one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from clinseek_assets.benchmark.groups import TASKS
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.vocabularies import CHEXPERT_LABELS, PHENOTYPES
from clinseek_assets.faults import DatabaseFault
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.models.agent.dataset_tools import DatasetTools
from clinseek_assets.records.pinned.record_files import RecordFiles
from clinseek_assets.records.tools.catalogue import PREFIX, TOOLS
from clinseek_assets.records.tools.reading_rows import parse_table as read_rows
from clinseek_assets.records.tools.specs import Toolbox
from clinseek_assets_tests.records.pinned.dataset_lives import DATASETS, write_dataset_reference
from clinseek_assets_tests.records.pinned.lives import PATIENT, T, at, write_database
from clinseek_assets_tests.records.pinned.test_dataset_records import BASE, OWN

EVENTS = {
    "ehrxqa": {"chartevents": [{"hadm_id": OWN, "itemid": 220045, "charttime": at(-h), "valuenum": 80.0 + h}
                               for h in range(1, 6)]},
    "medmod": {"events": [{"hadm_id": OWN, "itemid": 220045, "charttime": at(-h), "valuenum": 80.0 + h}
                          for h in range(1, 6)]},
}  # fmt: skip
TABLE = {"ehrxqa": "chartevents", "medmod": "events"}
CANDIDATE_TOOLS = {tool.name for tool in TOOLS if "candidates_by" in tool.name}


def question(task_type: str, moment: datetime = T) -> Question:
    task = TASKS[task_type]
    return Question(
        qid=f"{task.dataset}_test_1",
        row_number=1,
        subject_id=PATIENT,
        hadm_id=OWN,
        prediction_time=moment,
        latest_event_time=None,
        task=task.group or "finding_presence",
        task_type=task_type,
        label=["yes"],
        gold=("yes",),
        answer_is_list=True,
        candidates=None,
        question="Is it?",
        split="multimodal",
        dataset=task.dataset,
    )


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DatasetTools]:
    folder = tmp_path_factory.mktemp("records")
    files = {}
    for dataset in DATASETS:
        write_database(folder / dataset, {**BASE[dataset], **EVENTS[dataset]}, dataset=dataset)
        reference = write_dataset_reference(folder / f"{dataset}.db", dataset)
        files[dataset] = RecordFiles(folder / dataset, reference)
    return {policy: DatasetTools(policy, files) for policy in ("strict", "compat")}


@pytest.fixture
def boxes(sources: dict[str, DatasetTools]) -> Iterator[dict[str, Toolbox]]:
    """The toolbox of a question of each released task, under `strict`."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(sources["strict"].opened(question(name))) for name in TASKS}


def called(box: Toolbox, name: str, **arguments: Any) -> str:
    taken = next(spec.parameters["properties"] for spec in box.specs if spec.name == f"{PREFIX}{name}")
    reply = box.call(
        f"{PREFIX}{name}", {**({"subject_id": str(PATIENT)} if "subject_id" in taken else {}), **arguments}
    )
    assert reply.problem is None, reply.text
    return reply.text


@pytest.mark.parametrize("task", ["ehrxqa_image", "medmod_decompensation"])
def test_every_tool_of_the_record_works(boxes, task):
    box, table = boxes[task], TABLE[TASKS[task].dataset]
    loaded = read_rows(called(box, "load_ehr", timestamp=str(T)))
    assert {row["table"]: row["visible_rows"] for row in loaded}[table] == "5"
    assert table in called(box, "get_table_names")
    assert "valuenum" in called(box, "get_column_names", table_name=table)
    told = called(box, "get_table_description", table_name=table)
    assert "A row is here from then on" in told and "what itemid means" in told
    assert read_rows(called(box, "get_unique_values", table_name=table, column_name="label")) == [
        {"label": "Heart Rate", "rows": "5"}
    ]
    by_time = called(box, "get_records_by_time", table_name=table, start_time=str(at(-3)), end_time=str(at(-2)))
    assert len(read_rows(by_time)) == 2
    counts = read_rows(called(box, "get_event_counts_by_time", start_time=str(at(-3)), end_time=str(at(0))))
    assert {row["table"]: row["rows"] for row in counts}[table] == "3"
    assert read_rows(called(box, "get_latest_records", table_name=table))[0]["valuenum"] == "81.0"
    assert len(read_rows(called(box, "get_records_by_keyword", table_name=table, keyword="heart"))) == 5
    assert (
        len(read_rows(called(box, "get_records_by_value", table_name=table, column_name="valuenum", value="83"))) == 1
    )
    assert read_rows(called(box, "run_sql_query", sql_query=f"SELECT max(valuenum) AS m FROM {table}")) == [
        {"m": "85.0"}
    ]
    assert called(box, "think", response="hm")
    assert box.call(f"{PREFIX}finish", {"response": ["yes"]}).answers == ("yes",)


@pytest.mark.parametrize(
    ("task", "names"),
    [("medmod_phenotyping", PHENOTYPES), ("medmod_radiology", CHEXPERT_LABELS)],
)
def test_the_vocabulary_of_a_task_can_be_searched_and_no_other(boxes, task, names):
    box = boxes[task]
    table = f"{TASKS[task].vocabulary}_candidates"
    assert f"Candidate Tables: {table}" in called(box, "get_table_names")
    assert f"| {table} | {len(names)} |" in called(box, "load_ehr", timestamp=str(T))
    found = read_rows(called(box, "get_candidates_by_keyword", table_name=table, keyword="PNEUMO"))
    assert {row["candidate"] for row in found} == {name for name in names if "pneumo" in name.casefold()}
    assert [len(row["candidate"]) for row in found] == sorted(len(row["candidate"]) for row in found)
    alike = read_rows(called(box, "get_candidates_by_fuzzy_matching", table_name=table, keywords=["pneumona"]))
    assert alike[0]["candidate"].casefold().startswith("pneumonia")
    assert "the name" in called(box, "get_table_description", table_name=table)
    other = next(name for name in ("phenotypes", "chexpert") if name != TASKS[task].vocabulary)
    assert box.call(f"{PREFIX}get_candidates_by_keyword", {"table_name": other, "keyword": "a"}).problem == "not_found"


def test_a_page_behind_the_last_name_is_told(boxes):
    reply = boxes["medmod_phenotyping"].call(
        f"{PREFIX}get_candidates_by_keyword", {"table_name": "phenotypes", "keyword": "disease", "page": 9}
    )
    assert reply.problem == "not_found" and "There is no page 9" in reply.text


@pytest.mark.parametrize("task", [name for name, task in TASKS.items() if not task.vocabulary])
def test_where_a_task_has_no_vocabulary_none_is_offered_or_spoken_of(boxes, task):
    box = boxes[task]
    assert CANDIDATE_TOOLS.isdisjoint(spec.name for spec in box.specs)
    assert len(box.specs) == len(TOOLS) - len(CANDIDATE_TOOLS)
    load = next(spec for spec in box.specs if spec.name == f"{PREFIX}load_ehr")
    assert "andidate" not in load.description
    assert "andidate" not in called(box, "load_ehr", timestamp=str(T)) + called(box, "get_table_names")
    reply = box.call(f"{PREFIX}get_candidates_by_keyword", {"table_name": "chexpert", "keyword": "edema"})
    assert reply.problem == "unavailable"


def test_examples_name_tables_that_are_there(boxes):
    for task, box in boxes.items():
        told = " ".join(f"{spec.description} {spec.parameters}" for spec in box.specs)
        assert ("labevents" in told) == (TASKS[task].dataset == "ehrxqa")
        assert "candidates have it" not in told and "atc_name" not in told


def test_patient_and_moment_are_the_question_s(boxes):
    box = boxes["medmod_radiology"]
    other = box.call(f"{PREFIX}load_ehr", {"subject_id": str(PATIENT + 1), "timestamp": str(T)})
    later = box.call(f"{PREFIX}load_ehr", {"subject_id": str(PATIENT), "timestamp": str(at(1))})
    assert (other.problem, later.problem) == ("other_patient", "other_moment")


def test_a_question_opens_the_record_of_its_own_dataset(sources):
    for task in ("ehrxqa_image", "medmod_radiology"):
        with sources["compat"].opened(question(task)) as box:
            names = called(box, "get_table_names").split("\n")[0].removeprefix("EHR Tables: ").split(", ")
            assert set(names) <= set(CATALOGUES[TASKS[task].dataset].patient_tables)
    hashes = {sources["strict"].record_sha256(question(task)) for task in ("ehrxqa_image", "medmod_radiology")}
    assert len(hashes) == 2 and None not in hashes


def test_what_is_not_there_is_no_record(sources, tmp_path):
    of_medmod = DatasetTools("strict", {"medmod": sources["strict"].files["medmod"]})
    assert of_medmod.record_sha256(question("ehrxqa_image")) is None
    with pytest.raises(DatabaseFault, match="no records of ehrxqa"), of_medmod.opened(question("ehrxqa_image")):
        pass
    nowhere = DatasetTools("strict", {"medmod": RecordFiles(tmp_path, Path("none"))})
    assert nowhere.record_sha256(question("medmod_radiology")) is None


def test_the_version_follows_policy_datasets_and_the_files_beside_the_records(sources, tmp_path):
    strict = sources["strict"]
    medmod = strict.files["medmod"]
    other = RecordFiles(medmod.databases, write_dataset_reference(tmp_path / "other.db", "medmod"))
    other.reference.write_bytes(other.reference.read_bytes() + b"\0")
    versions = {
        strict.version,
        sources["compat"].version,
        DatasetTools("strict", {"medmod": medmod}).version,
        DatasetTools("strict", {**strict.files, "medmod": other}).version,
    }
    assert len(versions) == 4 and strict.version == DatasetTools("strict", strict.files).version
