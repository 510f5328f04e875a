"""The release as a whole: questions of all subtasks, every way to a context, whole or not at all, made once."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.benchmark.released_counts import OFFICIAL, expected_counts
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.contexts.ehr_bench import ehr_bench_inputs
from clinseek_assets.faults import Fault, SettingsFault
from clinseek_assets.locations.data_class import classify
from clinseek_assets.storage.fingerprint import of_file
from clinseek_assets.synthetic import release as releasing
from clinseek_assets.synthetic import synthesize
from clinseek_assets.synthetic.profiles import PROFILES, MultimodalSize, Profile
from clinseek_assets.synthetic.release import SEED, SyntheticRelease, make_release
from clinseek_assets.synthetic.vouching import RECORD_FILE, changed_files, read_record, write_records

TINY = Profile("tiny", patients=80, per_subtask=2, least_per_subtask=2, manifest_patients=None)
WITH_X_RAYS = replace(
    TINY,
    multimodal=MultimodalSize(
        groups_of_ehrxqa={"finding_presence": 2, "finding_enumeration": 1, "change_comparison": 2},
        tasks_of_medmod={"medmod_decompensation": 2, "medmod_in_hospital_mortality": 2, "medmod_phenotyping": 2},
        patients={"ehrxqa": 2, "medmod": 5},
        images={"ehrxqa": 3, "medmod": 5},
        reports={"ehrxqa": 3, "medmod": 0},
        bystanders=1,
        image_size=(64, 80),
    ),
)
WITHOUT_INPUT = "ClinSeek-Bench_text_without_input.json"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SyntheticRelease:
    return make_release(TINY, tmp_path_factory.mktemp("made"), seed=SEED)


def hashes(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): of_file(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def test_every_subtask_has_its_questions_and_the_counts_say_so(made):
    questions = read_manifest(made.manifest)
    counts = expected_counts(made.root / "release")
    assert counts.release == "synthetic"
    assert counts.text.per_subtask == dict.fromkeys(sorted(SUBTASKS), TINY.per_subtask)
    assert counts.text.rows == len(questions) == 45 * TINY.per_subtask
    assert counts.text.patients == len({question.subject_id for question in questions})
    assert not any(question.decided for question in questions)
    for name in SUBTASKS:
        golds = [question.gold for question in questions if question.task == name]
        assert len(golds) == TINY.per_subtask
        if SUBTASKS[name].task_type == "risk_prediction":
            assert set(golds) == {("yes",), ("no",)}


def test_every_way_to_a_context_is_walked(made):
    questions = read_manifest(made.manifest)
    given = [question for question in questions if question.input]
    in_question = [question for question in questions if not question.input and question.question]
    elsewhere = [question for question in questions if not question.input and not question.question]
    of_bench = [question for question in elsewhere if question.source_idx is not None]
    of_record = [question for question in elsewhere if question.source_idx is None]
    ways = {
        "manifest_input": len(given),
        "manifest_question": len(in_question),
        "ehr_bench": len(of_bench),
        "patient_database": len(of_record),
    }
    record = read_record(made.root / "release")
    assert record is not None and record.content["contexts"]["questions"] == ways
    assert all(ways.values())
    assert 0.2 < len(elsewhere) / len(questions) < 0.5


def test_ehr_bench_holds_what_the_manifest_leaves_to_it_and_no_patient_s_id(made):
    questions = read_manifest(made.manifest)
    folder = made.root / "sources" / "ehr_bench"
    found = ehr_bench_inputs(questions, folder)
    for question in questions:
        assert (question.qid in found) == (question.source_idx is not None)
        if question.input:
            assert found[question.qid] == question.input
    for path in folder.glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            assert not {"subject_id", "hadm_id", "qid"} & {*row, *row["task_info"]}


def test_the_second_form_is_the_same_questions_without_contexts(made):
    full = json.loads(made.manifest.read_text(encoding="utf-8"))
    bare = json.loads((made.manifest.parent / WITHOUT_INPUT).read_text(encoding="utf-8"))
    assert bare == [{key: value for key, value in row.items() if key not in ("input", "question")} for row in full]
    assert len(read_manifest(made.manifest.parent / WITHOUT_INPUT)) == len(full)


def test_the_record_vouches_for_every_file_in_both_folders(made):
    record = read_record(made.root / "sources")
    assert record == read_record(made.root / "release")
    assert record is not None and record.signed
    there = {
        path.relative_to(made.root).as_posix()
        for path in made.root.rglob("*")
        if path.is_file() and path.name != RECORD_FILE
    }
    assert set(record.files) == there
    assert changed_files(made.root, record) == []
    assert of_file(made.mimic_root / "hosp" / "patients.csv.gz") in record.digests


def test_only_files_as_the_generator_wrote_them_are_of_no_person(made, tmp_path):
    def open_data(*files: Path) -> bool:
        return classify(files).data_class == "open"

    sources = sorted((made.root / "sources").rglob("*.csv.gz"))
    assert open_data(made.manifest, *sources)
    stray = tmp_path / "patients.csv.gz"
    stray.write_bytes(sources[0].read_bytes())
    assert not open_data(made.manifest, stray)
    copied = shutil.copytree(made.root / "release", tmp_path / "release")
    manifest = copied / made.manifest.relative_to(made.root / "release")
    assert open_data(manifest)
    manifest.write_bytes(manifest.read_bytes() + b" ")
    assert not open_data(manifest)


def test_the_record_does_not_vouch_for_other_data_or_after_it_was_changed(made, tmp_path):
    record = read_record(made.root / "sources")
    other = tmp_path / "patients.csv"
    other.write_text("subject_id\n1\n")
    assert record is not None and of_file(other) not in record.digests
    altered = json.loads((made.root / "sources" / RECORD_FILE).read_text())
    altered["files"]["sources/mimic_iv/hosp/patients.csv"] = of_file(other)
    (tmp_path / RECORD_FILE).write_text(json.dumps(altered))
    forged = read_record(tmp_path)
    assert forged is not None and not forged.signed and not forged.digests


@pytest.mark.slow  # in the same folder, the next test sees it as well
def test_the_same_seed_gives_the_same_release_byte_by_byte(made, tmp_path):
    make_release(TINY, tmp_path, seed=SEED)
    assert hashes(tmp_path) == hashes(made.root)


def test_a_second_run_does_no_work_and_a_changed_file_makes_it_anew(made, tmp_path, monkeypatch):
    before = {path: path.stat().st_mtime_ns for path in made.root.rglob("*")}
    again = make_release(TINY, made.root, seed=SEED)
    assert again.reused and not made.reused
    assert (again.counts, again.rows) == (made.counts, made.rows)
    assert {path: path.stat().st_mtime_ns for path in made.root.rglob("*")} == before

    expected = hashes(made.root)
    (made.mimic_root / "hosp" / "omr.csv.gz").write_bytes(b"cut")
    leftover = made.root / ".synthesizing-0123456789ab"
    leftover.mkdir()
    (leftover / "half.csv").write_text("half")
    assert not make_release(TINY, made.root, seed=SEED).reused
    assert hashes(made.root) == expected


@pytest.fixture(scope="module")
def with_x_rays(made: SyntheticRelease, tmp_path_factory: pytest.TempPathFactory) -> SyntheticRelease:
    """The release with a multimodal split, made where one of an older generator lay."""
    root = tmp_path_factory.mktemp("with_x_rays")
    shutil.copytree(made.root, root, dirs_exist_ok=True)
    record = read_record(root / "release")
    assert record is not None
    older = {
        **record.content,
        "generator_version": "1",
        "multimodal": releasing._identity(WITH_X_RAYS, SEED)["multimodal"],
    }
    write_records(root, older, releasing.FOLDERS)
    again = read_record(root / "release")
    assert again is not None and again.signed and not changed_files(root, again)
    return make_release(WITH_X_RAYS, root, seed=SEED)


def test_a_release_of_an_older_generator_is_replaced(with_x_rays):
    assert not with_x_rays.reused
    record = read_record(with_x_rays.root / "sources")
    assert record is not None and record.content["generator_version"] == releasing.GENERATOR_VERSION != "1"
    assert with_x_rays.multimodal_manifest.is_file()
    assert make_release(WITH_X_RAYS, with_x_rays.root, seed=SEED).reused


def test_the_text_split_does_not_depend_on_the_multimodal_one(made, with_x_rays):
    for folder in ("release/text", "sources/mimic_iv", "sources/ehr_bench"):
        assert hashes(with_x_rays.root / folder) == hashes(made.root / folder)


def test_the_multimodal_split_is_counted_and_vouched_for(with_x_rays):
    counts = expected_counts(with_x_rays.root / "release").multimodal
    assert counts is not None and counts == with_x_rays.counts.multimodal and counts.rows == 11
    assert len(with_x_rays.multimodal_manifest.read_text(encoding="utf-8").splitlines()) == counts.rows
    record = read_record(with_x_rays.root / "sources")
    assert record is not None and record.signed
    there = {
        path.relative_to(with_x_rays.root).as_posix()
        for path in with_x_rays.root.rglob("*")
        if path.is_file() and path.name != RECORD_FILE
    }
    assert set(record.files) == there
    for dataset in ("mimic_cxr", "mimic_cxr_jpg", "ehrxqa", "medmod"):
        assert any(name.startswith(f"sources/{dataset}/") for name in there)
    images = [path for path in there if path.endswith(".jpg")]
    assert len(images) == 8


def test_a_run_that_fails_leaves_what_was_there(made, monkeypatch):
    expected = hashes(made.root)

    def fail(*_: object, **__: object) -> None:
        raise Fault("on the way")

    monkeypatch.setattr(releasing, "build_manifest", fail)
    with pytest.raises(Fault, match="on the way"):
        make_release(TINY, made.root, seed=SEED + 1)
    assert hashes(made.root) == expected


@pytest.mark.parametrize("folder", ["release", "sources"])
def test_data_that_is_not_synthetic_is_never_touched(folder, tmp_path):
    own = tmp_path / folder / "hosp" / "patients.csv"
    own.parent.mkdir(parents=True)
    own.write_text("subject_id\n")
    with pytest.raises(SettingsFault, match=folder):
        synthesize("small", tmp_path)
    assert hashes(tmp_path) == {f"{folder}/hosp/patients.csv": of_file(own)}


def test_an_unknown_profile_is_a_fault(tmp_path):
    with pytest.raises(SettingsFault, match="huge"):
        synthesize("huge", tmp_path)


@pytest.mark.slow
def test_small_has_six_questions_of_every_subtask(tmp_path):
    made = synthesize("small", tmp_path)
    assert made.counts.text.per_subtask == dict.fromkeys(sorted(SUBTASKS), 6)
    assert made.counts.multimodal is not None
    assert set(made.counts.multimodal.per_group.values()) == {8}


def test_full_is_defined_by_the_released_counts():
    full = PROFILES["full"]
    assert (full.per_subtask * len(SUBTASKS), full.manifest_patients) == (1800, 1563)
    size = full.multimodal
    assert size is not None
    assert (sum(size.groups_of_ehrxqa.values()), sum(size.tasks_of_medmod.values())) == (497, 492)
    assert (size.patients, size.images) == ({"ehrxqa": 165, "medmod": 395}, {"ehrxqa": 350, "medmod": 477})
    assert size.reports == {"ehrxqa": 356, "medmod": 0}


@pytest.mark.slow
def test_full_has_exactly_the_released_counts(tmp_path):
    made = synthesize("full", tmp_path)
    assert made.counts.text.rows == 1800 and made.counts.text.patients == 1563
    assert set(made.counts.text.per_subtask.values()) == {40}
    assert made.counts.multimodal == OFFICIAL.multimodal
