"""EHR-Bench's own files, joined by file and index, and refused where they are not what the manifest names."""

import json
import re

import pytest

from clinseek_assets.contexts.ehr_bench import bench_files, ehr_bench_inputs
from clinseek_assets.faults import SourceFault
from clinseek_assets_tests.contexts.patients import question

STEM = "ehr_bench_decision_making"


def row(text, **fields):
    return {"instruction": "Predict.", "input": text, "task_info": {"task": "services", "label": ["MED"]}} | fields


def asked(idx, **fields):
    return question(qid=f"{STEM}_{idx}", source_file=f"{STEM}.jsonl", source_idx=idx, **fields)


@pytest.fixture
def bench(tmp_path):
    def write(*rows, name=f"{STEM}.jsonl"):
        path = tmp_path / "bench" / name
        path.parent.mkdir(exist_ok=True)
        texts = [one if isinstance(one, str) else json.dumps(one) for one in rows]
        path.write_text(f"[{','.join(texts)}]" if path.suffix == ".json" else "\n".join(texts) + "\n")
        return path.parent

    return write


@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
def test_a_row_without_an_index_of_its_own_is_taken_by_its_place_from_0(bench, suffix):
    root = bench(row("zero"), row("one"), row("two"), name=STEM + suffix)
    assert ehr_bench_inputs([asked(2), asked(0)], root) == {f"{STEM}_0": "zero", f"{STEM}_2": "two"}


@pytest.mark.parametrize("field", ["idx", "source_idx"])
def test_a_row_s_own_index_wins_over_its_place(bench, field):
    root = bench(row("seven", **{field: 7}), row("zero", **{field: 0}))
    assert ehr_bench_inputs([asked(0), asked(7)], root) == {f"{STEM}_0": "zero", f"{STEM}_7": "seven"}


@pytest.mark.parametrize(
    "fields",
    [
        {"task_info": {"task": "services", "label": ["SURG", "MED"]}},
        {"task_info": None, "task": "services", "label": ["SURG", "MED"]},
        {"task_info": {"task": "services"}, "output": "SURG\nMED"},
    ],
)
def test_subtask_and_label_are_found_in_each_published_place(bench, fields):
    two = asked(0, label=["MED", "SURG"], gold=("MED", "SURG"))
    assert ehr_bench_inputs([two], bench(row("text", **fields))) == {f"{STEM}_0": "text"}


def test_questions_without_a_place_or_whose_file_is_not_there_get_nothing(bench):
    elsewhere = question(qid="x_0", source_file="ehr_bench_risk_prediction.jsonl", source_idx=0)
    assert ehr_bench_inputs([question(qid="y"), elsewhere], bench(row("text"))) == {}


def test_files_are_found_in_subfolders(bench):
    root = bench(row("text"))
    assert ehr_bench_inputs([asked(0)], root.parent) == {f"{STEM}_0": "text"}


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ([row("SECRET", task_info={"task": "poe", "label": ["MED"]})], "a question of another subtask: 1"),
        ([row("SECRET", task_info={"label": ["MED"]})], "a question of another subtask: 1 (first: row 1)"),
        ([row("SECRET", task_info={"task": "services", "label": ["SECRET"]})], "a question with another label: 1"),
        ([row("SECRET", task_info={"task": "services", "label": "med"})], "a question with another label: 1"),
        ([row("SECRET", task_info={"task": "services"}, output="SECRET")], "a question with another label: 1"),
        ([row("  ")], "no `input`: 1 (first: row 1)"),
        ([row(None)], "no `input`: 1 (first: row 1)"),
        ([row("SECRET", idx=0), row("SECRET", idx=0)], "an index of an earlier row: 1 (first: row 2)"),
        ([row("SECRET", idx=5)], "no row of the index that the manifest names: 1 (first: manifest row 1)"),
        ([row("SECRET"), '{"input": "SECRET'], "not a JSON object: 1 (first: row 2)"),
        ([row("SECRET"), "3"], "not a JSON object: 1 (first: row 2)"),
    ],
)  # fmt: skip
def test_a_file_of_other_questions_is_refused_with_each_kind_counted(bench, rows, kind):
    with pytest.raises(SourceFault, match=re.escape(kind)) as caught:
        ehr_bench_inputs([asked(0)], bench(*rows))
    assert "SECRET" not in str(caught.value)
    assert "EHR_BENCH_ROOT" in caught.value.mend


def test_a_json_file_that_is_cut_is_refused(bench):
    root = bench(row("text"), name=f"{STEM}.json")
    path = root / f"{STEM}.json"
    path.write_text(path.read_text()[:-5])
    with pytest.raises(SourceFault, match="not a JSON object"):
        ehr_bench_inputs([asked(0)], root)


def test_two_files_of_one_name_are_refused(bench):
    bench(row("text"))
    root = bench(row("text"), name=f"{STEM}.json")
    with pytest.raises(SourceFault, match="twice"):
        ehr_bench_inputs([asked(0)], root)


def test_files_that_no_question_names_may_share_a_name(bench):
    root = bench(row("text"))
    for folder in ("train", "test"):
        (root / folder).mkdir()
        (root / folder / "config.json").write_text("{}")
    assert ehr_bench_inputs([asked(0)], root) == {f"{STEM}_0": "text"}


def test_only_visible_json_files_are_its_files(bench):
    root = bench(row("text"))
    for name in (".hidden.jsonl", "readme.md", "more/risk.json"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("[]")
    assert [path.name for path in bench_files(root)] == [f"{STEM}.jsonl", "risk.json"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(SourceFault, match="nowhere"):
        ehr_bench_inputs([asked(0)], tmp_path / "nowhere")
