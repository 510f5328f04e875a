"""EHRXQA's gold database: headers, clocks, ids as pandas writes them, and questions that agree with what is shown."""

import itertools

import pandas
import pytest

from clinseek_assets.benchmark.groups import EHRXQA
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.synthetic.multimodal.chest import chest_of
from clinseek_assets.synthetic.multimodal.ehrxqa_questions import ATTRIBUTES, MAKERS, SEEN, Scene, ask
from clinseek_assets.synthetic.multimodal.lives import draw_lives
from clinseek_assets.synthetic.randomness import Dice
from clinseek_assets_tests.synthetic.multimodal.conftest import SIZE

TABLES = CATALOGUES["ehrxqa"].tables
CURRENT_TIME = "2105-12-31 23:59:00"
TIMES = ("charttime", "chargetime", "starttime", "intime", "admittime", "studydatetime")
DECIMAL = ("labevents", "microbiologyevents", "transfers", "tb_cxr", "cost")
WHOLE = ("admissions", "chartevents", "icustays", "inputevents", "outputevents", "prescriptions", "diagnoses_icd")


@pytest.mark.parametrize("name", list(TABLES))
def test_a_table_has_what_the_catalogue_reads(name, gold_table):
    frame = gold_table(name)
    assert len(frame)
    needed = [column.name for column in TABLES[name].columns if column.name not in TABLES[name].optional]
    assert set(needed) <= set(frame.columns)
    assert frame.columns[0] == "row_id"
    assert list(frame["row_id"]) == [str(number) for number in range(len(frame))]


def test_what_holds_answers_lies_beside_the_tables(gold_table):
    shown = gold_table("tb_cxr_plus")
    assert {"object", "relation", "attribute", "category", "ct_ratio", "mt_ratio"} <= set(shown.columns)
    assert set(shown["relation"]) == {"0", "1"}
    assert set(shown["study_id"]) <= set(gold_table("tb_cxr")["study_id"])
    assert "dod" in gold_table("patients").columns


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.of_patients])
def test_times_are_cut_at_the_current_time(name, gold_table):
    frame = gold_table(name)
    for column in frame.columns:
        if column in (*TIMES, "outtime", "stoptime", "dischtime", "dob", "dod"):
            filled = frame[column][frame[column] != ""]
            assert filled.str.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d").all(), column
            assert (filled <= CURRENT_TIME).all(), column
        if column in TIMES:
            assert (frame[column] != "").all()
        if column in ("charttime", "starttime", "admittime", "studydatetime"):
            assert (frame[column] >= "2100-01-01").all()


def test_each_patient_s_times_are_moved_by_one_span(gold_table, listed):
    metadata = listed("metadata").drop_duplicates("study_id").set_index("study_id")
    studies = gold_table("tb_cxr").set_index("study_id").join(metadata[["StudyDate", "StudyTime"]])
    clock = studies["StudyTime"].astype(float).astype(int).astype(str).str.zfill(6)
    real = pandas.to_datetime(studies["StudyDate"] + clock, format="%Y%m%d%H%M%S")
    moved = pandas.to_datetime(studies["studydatetime"]) - real
    assert (moved.groupby(studies["subject_id"]).nunique() == 1).all()
    assert moved.nunique() > 3


def test_ids_are_written_as_pandas_does(gold_table):
    for name in DECIMAL:
        filled = gold_table(name)["hadm_id"]
        assert filled[filled != ""].str.fullmatch(r"2\d{7}\.0").all(), name
    for name in WHOLE:
        assert gold_table(name)["hadm_id"].str.fullmatch(r"2\d{7}").all(), name


def test_admissions_join_and_texts_are_small(gold_table):
    admissions = set(gold_table("admissions")["hadm_id"])
    for name in (*DECIMAL, *WHOLE):
        hadm_ids = gold_table(name)["hadm_id"].str.removesuffix(".0")
        assert set(hadm_ids[hadm_ids != ""]) <= admissions, name
    for name, column in (("d_items", "label"), ("prescriptions", "drug"), ("diagnoses_icd", "icd_code")):
        texts = gold_table(name)[column]
        assert (texts == texts.str.lower().str.strip()).all()
    assert set(gold_table("patients")["gender"]) == {"f", "m"}


def test_every_patient_has_a_database_and_some_nobody_asks_about(rows, gold_table):
    asked = {str(row["subject_id"]) for row in rows if row["source_benchmark"] == EHRXQA}
    there = set(gold_table("patients")["subject_id"])
    assert asked < there and len(there) == len(asked) + SIZE.bystanders
    assert set(gold_table("tb_cxr")["subject_id"]) == there


def test_costs_are_of_rows_that_there_are(gold_table):
    cost = gold_table("cost")
    for name, of_table in cost.groupby("event_type"):
        assert list(of_table["event_id"]) == list(gold_table(name)["row_id"])
        assert list(of_table["subject_id"]) == list(gold_table(name)["subject_id"])
    assert (cost["cost"].astype(float) > 0).all()


def scenes(number):
    """Studies with the ones before them, of many lives."""
    for life in draw_lives(number, 5):
        chest = chest_of(life.patient, 5)
        for earlier, study in itertools.pairwise(life.studies[:6]):
            yield Scene(study, earlier, chest, Dice(f"scene/{study.study_id}"))


def seen_in(study):
    return set(study.facts)


def test_every_kind_of_question_answers_what_the_studies_show():
    """Yes and no are worked out again here from the names in the question, for all wordings that name them."""
    checked = 0
    for scene in scenes(120):
        now, then = seen_in(scene.study), seen_in(scene.earlier)
        for group, kinds in MAKERS.items():
            for kind in kinds:
                for asked in ask(kind, scene):
                    assert asked.question.count("{") == 0 and str(scene.study.study_id) in asked.question
                    assert not set(asked.attributes) & scene.study.doubtful
                    if not isinstance(asked.answer, int):
                        assert asked.answer
                        continue
                    expected = expected_answer(asked.question, asked.attributes, asked.objects, scene, now, then)
                    if expected is not None:
                        checked += 1
                        assert asked.answer == int(expected), (group, asked.question)
    assert checked > 1000


def expected_answer(question, attributes, objects, scene, now, then):
    if "either" in question:
        return any(name in now for name in attributes)
    if "both" in question:
        return all(name in now for name in attributes)
    if "half" in question or "1/2" in question:
        return "enlarged cardiac silhouette" in now
    if "abnormal" in question:
        return bool(now & set(SEEN))
    (name,) = attributes
    if "new" in question or "appeared" in question:
        return name in now and name not in then
    if "resolved" in question or "no longer" in question:
        return name not in now and name in then
    if "still" in question or "persist" in question:
        return name in now and name in then
    if objects:
        return objects[0] in scene.study.facts.get(name, ())
    return name in now


LISTS_OF_CHANGES = {"resolved": 1, "new": 3, "unchanged": 5}


@pytest.mark.parametrize("change", LISTS_OF_CHANGES)
def test_lists_of_changes_are_differences_of_what_is_seen(change):
    kind, checked = MAKERS["change_comparison"][LISTS_OF_CHANGES[change]], 0
    for scene in scenes(60):
        now, then = seen_in(scene.study), seen_in(scene.earlier)
        expected = {"new": now - then, "resolved": then - now, "unchanged": now & then}[change] & set(SEEN)
        expected -= scene.study.doubtful | scene.earlier.doubtful
        asked = list(ask(kind, scene))
        assert bool(asked) == bool(expected)
        assert all(set(one.answer) == expected for one in asked)
        checked += len(asked)
    assert checked


def test_names_in_questions_are_those_of_the_catalogue():
    assert len(set(ATTRIBUTES)) == len(ATTRIBUTES) == 16
