"""The manifest of the small release: its rows, counts and paths, and that its answers are those of the datasets."""

import json
import re
from collections import Counter

import pandas
import pytest

from clinseek_assets.benchmark.groups import EHRXQA, MEDMOD
from clinseek_assets.benchmark.multimodal.manifest_file import read_multimodal_manifest
from clinseek_assets.benchmark.vocabularies import CHEXPERT_LABELS, PHENOTYPES
from clinseek_assets.storage.fingerprint import of_file
from clinseek_assets.synthetic.multimodal.chest import chest_of
from clinseek_assets.synthetic.multimodal.drawing import film
from clinseek_assets.synthetic.multimodal.lives import draw_lives
from clinseek_assets.synthetic.profiles import PROFILES
from clinseek_assets_tests.synthetic.multimodal.conftest import PATIENTS, SEED, SIZE, write

KEYS = (
    *("qid", "source_index", "source_benchmark", "task", "source_split", "subject_id", "hadm_id", "stay_id"),
    *("prediction_time", "question", "image_paths", "report_paths", "ground_truth", "answer_type", "modalities"),
)
IMAGE = re.compile(
    r"(?P<prefix>\w+OriginalLinked_v1)/mimic-cxr/2\.0\.0/"
    r"(?P<file>files/p(?P<two>\d\d)/p(?P<subject>\d{8})/s(?P<study>\d{8})/(?P<dicom>[0-9a-f-]{44})\.jpg)"
)
REPORT = re.compile(
    r"EHRXQAOriginalLinked_v1/mimic-cxr/2\.0\.0/mimic-cxr-reports/(?P<file>files/p\d\d/p(?P<subject>\d{8})/s\d{8}\.txt)"
)
PREFIXES = {EHRXQA: "EHRXQAOriginalLinked_v1", MEDMOD: "MedModOriginalLinked_v1"}


def names(row):
    return [entry["name"] for entry in row["ground_truth"]]


def asked(row):
    return re.search(r"<question>\n(.*)\n</question>$", row["question"], re.DOTALL).group(1)


def group_by_wording(question):
    """The published rule of groups, as a reader of the reference would write it down."""
    compares = r"compared to|still present|newly|no longer|change|resolved"
    if len(set(re.findall(r"\b5\d{7}\b", question))) > 1 or re.search(compares, question, re.IGNORECASE):
        return "change_comparison"
    if re.search(r"\b(list|enumerate)\b|what are all|\bwhich\b.*\bare\b", question, re.IGNORECASE):
        return "finding_enumeration"
    return "finding_presence"


def test_counts_are_exactly_those_of_the_profile(written, rows):
    counts = written.release.counts
    tasks = {"ehrxqa_image": sum(SIZE.groups_of_ehrxqa.values()), **SIZE.tasks_of_medmod}
    assert counts.rows == len(rows) == sum(tasks.values())
    assert counts.per_task == Counter(row["task"] for row in rows) == tasks
    assert counts.per_dataset == Counter(row["source_benchmark"] for row in rows)
    for dataset in (EHRXQA, MEDMOD):
        of_dataset = [row for row in rows if row["source_benchmark"] == dataset]
        assert len({int(row["subject_id"]) for row in of_dataset}) == counts.patients[dataset] == SIZE.patients[dataset]
        images = {path for row in of_dataset for path in row["image_paths"]}
        reports = {path for row in of_dataset for path in row["report_paths"]}
        assert (len(images), len(reports)) == (counts.images[dataset], counts.reports[dataset])
        assert (len(images), len(reports)) == (SIZE.images[dataset], SIZE.reports[dataset])
    assert counts.reports[EHRXQA] > counts.images[EHRXQA]


def test_groups_by_wording_are_those_counted(written, rows):
    found = Counter(group_by_wording(asked(row)) for row in rows if row["source_benchmark"] == EHRXQA)
    assert found == SIZE.groups_of_ehrxqa
    groups = written.release.counts.per_group
    assert groups["finding_enumeration"] == found["finding_enumeration"] + SIZE.tasks_of_medmod["medmod_radiology"]
    assert set(groups.values()) == {8}


def test_the_project_s_reader_takes_the_rows_and_groups_them_as_counted(written):
    questions = read_multimodal_manifest(written.manifest)
    assert Counter(question.task for question in questions) == written.release.counts.per_group


def test_rows_have_the_released_keys_and_compact_lines(written, rows):
    lines = written.manifest.read_text(encoding="utf-8").splitlines()
    assert [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows] == lines
    assert {tuple(row) for row in rows} == {KEYS}
    assert len({row["qid"] for row in rows}) == len(rows)
    assert {type(row["subject_id"]) for row in rows} == {int, str}
    assert all(row["ground_truth"] and all(names(row)) for row in rows)
    for row in rows:
        pandas.to_datetime(row["prediction_time"], format="%Y-%m-%d %H:%M:%S")


def test_the_question_is_four_blocks_that_say_who_and_when(rows):
    for row in rows:
        blocks = re.findall(r"<(\w+)>\n(.*?)\n</\1>", row["question"], re.DOTALL)
        assert [name for name, _ in blocks] == ["task_instruction", "patient_info", "cxr_info", "question"]
        patient = dict(blocks)["patient_info"]
        assert row["prediction_time"] in patient and str(row["subject_id"]) in patient
        assert ("UNKNOWN" in patient) == (row["hadm_id"] is None or row["stay_id"] is None)
        for path in row["image_paths"]:
            assert IMAGE.fullmatch(path)["study"] in dict(blocks)["cxr_info"]


def test_every_path_is_there_and_of_the_row_s_patient(written, rows, reports):
    for row in rows:
        assert row["image_paths"]
        for path in row["image_paths"]:
            match = IMAGE.fullmatch(path)
            assert match["prefix"] == PREFIXES[row["source_benchmark"]]
            assert match["subject"] == str(row["subject_id"]) and match["subject"].startswith(match["two"])
            assert (written.sources / "mimic_cxr_jpg" / match["file"]).is_file()
        for path in row["report_paths"]:
            match = REPORT.fullmatch(path)
            assert match["subject"] == str(row["subject_id"]) and match["file"] in reports


def test_some_comparisons_link_a_report_without_its_image(rows):
    bare = [row for row in rows if len(row["report_paths"]) > len(row["image_paths"])]
    assert bare and all(group_by_wording(asked(row)) == "change_comparison" for row in bare)


def test_answers_of_ehrxqa_are_those_of_its_dataset(written, rows):
    dataset = json.loads((written.gold.parents[1] / "dataset" / "test.json").read_text(encoding="utf-8"))
    by_id = {record["id"]: record for record in dataset}
    assert len(by_id) == len(dataset) > sum(row["source_benchmark"] == EHRXQA for row in rows)
    for row in rows:
        if row["source_benchmark"] == EHRXQA:
            number = re.fullmatch(r"ehrxqa_test_(\d+)", row["qid"]).group(1)
            record = by_id[int(number)]
            assert record["question"] == asked(row)
            assert [str(name) for name in record["answer"]] == names(row)
            assert all(value in row["question"] for value in map(str, record["value"].values()))
            polar = [entry for entry in row["ground_truth"] if "value" in entry]
            assert polar in ([], [{"name": "1", "value": 1}], [{"name": "0", "value": 0}])


def test_all_kinds_of_answers_occur(rows):
    of_ehrxqa = [row for row in rows if row["source_benchmark"] == EHRXQA]
    presence = [row for row in of_ehrxqa if group_by_wording(asked(row)) == "finding_presence"]
    change = [row for row in of_ehrxqa if group_by_wording(asked(row)) == "change_comparison"]
    assert any(len(names(row)) > 1 for row in presence)
    assert {"0", "1"} <= {name for row in presence for name in names(row)}
    assert {"0", "1"} <= {name for row in change for name in names(row)}
    assert any(names(row)[0] not in ("0", "1") for row in change)
    for task in ("medmod_decompensation", "medmod_in_hospital_mortality"):
        assert {name for row in rows if row["task"] == task for name in names(row)} == {"yes", "no"}


def test_lists_of_findings_are_what_the_database_of_answers_shows(rows, gold_table):
    shown = gold_table("tb_cxr_plus")
    shown = shown[(shown["relation"] == "1") & ~shown["category"].isin(["tubesandlines", "device"])]
    checked = 0
    for row in rows:
        question = asked(row)
        match = re.fullmatch(
            r"(List all abnormal findings in|What are all the abnormalities that|Enumerate the abnormal findings of) "
            r"study (\d+)( shows)?[.?]",
            question,
        )
        place = re.fullmatch(
            r"(List all abnormalities|Which abnormalities are seen) in the (.+) in study (\d+)[.?]", question
        )
        if match:
            expected = shown[shown["study_id"] == match[2]]
        elif place:
            expected = shown[(shown["study_id"] == place[3]) & (shown["object"] == place[2])]
        else:
            continue
        assert set(names(row)) == set(expected["attribute"]), question
        checked += 1
    assert checked


def list_file(written, task, part):
    folder = {"medmod_decompensation": "decompensation", "medmod_phenotyping": "phenotyping"}
    name = folder.get(task, "in-hospital-mortality")
    return pandas.read_csv(
        written.medmod / "mml-ssl-full" / name / f"{part}_listfile.csv", dtype=str, keep_default_na=False
    )


def stay_of(written, row):
    part = "test" if row["source_split"] == "test" else "train"
    folder = written.medmod / "data_full" / "root" / part / str(row["subject_id"])
    stays = pandas.read_csv(
        folder / "stays.csv", parse_dates=["intime", "outtime", "admittime", "dischtime", "deathtime"]
    )
    (stay,) = stays[stays["stay_id"] == row["stay_id"]].to_dict("records")
    return stay


STAY_TASKS = ("medmod_decompensation", "medmod_in_hospital_mortality", "medmod_phenotyping")


@pytest.mark.parametrize("task", STAY_TASKS)
def test_answers_of_medmod_are_those_of_its_list_files(task, written, rows):
    for row in rows:
        if row["task"] != task:
            continue
        _, _, part, stay_id, period = row["qid"].replace("in-hospital", "in_hospital").rsplit("_", 4)[-5:]
        assert part == row["source_split"] and stay_id == str(row["stay_id"])
        listed = list_file(written, task, part)
        same = (listed["stay_id"] == stay_id) & (listed["period_length"].astype(float) == float(period))
        (line,) = listed[same].to_dict("records")
        assert listed.index[same][0] == row["source_index"]
        assert line["stay"].startswith(f"{row['subject_id']}_episode")
        if task == "medmod_phenotyping":
            assert set(names(row)) == {name for name in PHENOTYPES if line[name] == "1"}
        else:
            assert names(row) == ["yes" if line["y_true"] == "1" else "no"]


def test_moments_and_deaths_are_those_of_the_stay(written, rows):
    for row in rows:
        if row["task"] not in STAY_TASKS:
            continue
        stay, moment = stay_of(written, row), pandas.Timestamp(row["prediction_time"])
        hours = pandas.Timedelta(hours=1)
        assert stay["hadm_id"] == row["hadm_id"]
        if row["task"] == "medmod_phenotyping":
            assert moment == stay["outtime"]
        elif row["task"] == "medmod_in_hospital_mortality":
            assert moment == stay["intime"] + 48 * hours <= stay["outtime"]
            assert names(row) == ["no" if pandas.isna(stay["deathtime"]) else "yes"]
        else:
            assert moment == stay["intime"] + float(row["qid"].rsplit("_", 1)[1]) * hours
            soon = moment <= stay["deathtime"] < moment + 24 * hours
            assert names(row) == ["yes" if soon else "no"]


def test_the_linked_image_is_the_latest_frontal_one_in_the_stay(written, rows, listed):
    metadata = listed("metadata")
    clock = metadata["StudyTime"].astype(float).astype(int).astype(str).str.zfill(6)
    metadata["time"] = pandas.to_datetime(metadata["StudyDate"] + clock, format="%Y%m%d%H%M%S")
    metadata = metadata[metadata["ViewPosition"] == "AP"]
    for row in rows:
        if row["source_benchmark"] != MEDMOD:
            continue
        linked = IMAGE.fullmatch(row["image_paths"][0])
        (image,) = metadata[metadata["dicom_id"] == linked["dicom"]].to_dict("records")
        assert (image["study_id"], image["subject_id"]) == (linked["study"], str(row["subject_id"]))
        if row["task"] == "medmod_radiology":
            assert image["time"] == pandas.Timestamp(row["prediction_time"])
        else:
            mine = metadata[metadata["subject_id"] == str(row["subject_id"])]
            inside = mine[mine["time"].between(stay_of(written, row)["intime"], row["prediction_time"])]
            assert image["time"] == inside["time"].max()


def test_answers_of_radiology_are_chexpert_s_positives(rows, listed):
    labels = listed("chexpert").set_index("study_id")
    for row in rows:
        if row["task"] == "medmod_radiology":
            mine = labels.loc[IMAGE.fullmatch(row["image_paths"][0])["study"]]
            assert set(names(row)) == {name for name in CHEXPERT_LABELS if mine[name] == "1.0"}


def test_the_same_seed_gives_the_same_bytes(written, tmp_path):
    again = write(tmp_path, SIZE, PATIENTS)
    files = {path.relative_to(written.root) for path in written.root.rglob("*") if path.is_file()}
    assert files == {path.relative_to(again.root) for path in again.root.rglob("*") if path.is_file()}
    assert all(of_file(written.root / name) == of_file(again.root / name) for name in files)


@pytest.mark.parametrize("seed", (1, 11))
def test_any_seed_gives_the_small_release(seed, tmp_path, monkeypatch):
    from clinseek_assets.synthetic.multimodal import writing

    # Plans are made for every seed; the files are the same code again.
    monkeypatch.setattr(writing, "_write_studies", lambda *_: {})
    made = write(tmp_path, SIZE, PATIENTS, seed=seed).release.counts
    assert (made.patients, made.images, made.reports) == (SIZE.patients, SIZE.images, SIZE.reports)
    assert made.rows == 48


@pytest.mark.slow
def test_full_has_exactly_the_released_counts(tmp_path):
    from clinseek_assets.benchmark.released_counts import OFFICIAL

    full = PROFILES["full"]
    written = write(tmp_path, full.multimodal, full.patients)
    assert written.release.counts == OFFICIAL.multimodal
    rows = [json.loads(line) for line in written.manifest.read_text(encoding="utf-8").splitlines()]
    found = Counter(group_by_wording(asked(row)) for row in rows if row["source_benchmark"] == EHRXQA)
    assert found == {"change_comparison": 222, "finding_presence": 177, "finding_enumeration": 98}
    read = read_multimodal_manifest(written.manifest)
    assert Counter(question.task for question in read) == OFFICIAL.multimodal.per_group
    assert len(list((written.sources / "mimic_cxr_jpg").rglob("*.jpg"))) == 827
    # Two processes drew them: here is one of them drawn in this one.
    life = next(
        life for life in draw_lives(full.patients, SEED) if str(life.patient.subject_id) == str(rows[0]["subject_id"])
    )
    study = next(study for study in life.studies if study.dicom_id in rows[0]["image_paths"][0])
    drawn = film(chest_of(life.patient, SEED), study, full.multimodal.image_size, SEED)
    assert (written.sources / "mimic_cxr_jpg" / study.image_file).read_bytes() == drawn
    # No answer is so rare that always giving the other would do.
    polar = Counter(name for row in rows for name in names(row) if name in ("0", "1", "yes", "no"))
    assert min(polar["0"], polar["1"]) > 60 and min(polar["yes"], polar["no"]) > 60
