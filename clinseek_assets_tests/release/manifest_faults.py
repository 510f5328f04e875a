"""Faults of the released manifests and of what lies beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from clinseek_assets.benchmark.groups import GROUPS, TASKS
from clinseek_assets.imaging.released_paths import PACKAGES
from clinseek_assets_tests.release.bed import Bed, Row
from clinseek_assets_tests.release.faults import PlantedFault

EHRXQA, MEDMOD = "ehrxqa", "medmod"
RADIOLOGY, MORTALITY = "medmod_radiology", "medmod_in_hospital_mortality"


def refused(name: str, split: str, task: str, change: Callable[[Row], Any], kind: str) -> PlantedFault:
    """A change of one row by which the manifest is refused, with the kind of fault and the row's line."""

    def plant(bed: Bed) -> Sequence[str]:
        question = bed.of_task(split, task)
        with bed.rows(split) as rows:
            change(rows[question.row_number - 1])
        place = f"line {question.row_number}" if split == "multimodal" else f"(row {question.row_number})"
        return kind, place

    return PlantedFault(f"{split}: {name}", "manifest", f"{split}: manifest", plant)


def an_earlier_qid(split: str, task: str) -> PlantedFault:
    def plant(bed: Bed) -> Sequence[str]:
        question = bed.of_task(split, task, -1)
        with bed.rows(split) as rows:
            rows[question.row_number - 1] = {**rows[question.row_number - 1], "qid": bed.of_task(split, task, 0).qid}
        return "`qid` of an earlier row", str(question.row_number)

    return PlantedFault(f"{split}: a qid twice", "manifest", f"{split}: manifest", plant)


def of_the_file(name: str, split: str, change: Callable[[bytes], bytes], *says: str) -> PlantedFault:
    """Another content of the whole file."""

    def plant(bed: Bed) -> Sequence[str]:
        path = bed.manifest(split)
        bed.replace(path, change(path.read_bytes()))
        return says

    return PlantedFault(f"{split}: {name}", "manifest", f"{split}: manifest", plant)


def _missing(split: str) -> PlantedFault:
    def plant(bed: Bed) -> Sequence[str]:
        bed.manifest(split).unlink()
        return (bed.manifest(split).name,)

    return PlantedFault(f"{split}: no manifest", "manifest", f"{split}: manifest", plant)


REFUSED = (
    refused("empty gold", "multimodal", RADIOLOGY, lambda row: row.update(ground_truth=[]), "empty gold"),
    refused("blank gold", "multimodal", EHRXQA, lambda row: row.update(ground_truth=[{"name": " "}]), "empty gold"),
    refused("no gold", "multimodal", MEDMOD, lambda row: row.pop("ground_truth"), "no `ground_truth`"),
    refused(
        "label says otherwise",
        "multimodal",
        RADIOLOGY,
        lambda row: row.update(label=[{"name": "Fracture"}, {"name": "Edema"}, {"name": "x"}]),
        "`label` and `ground_truth` differ",
    ),
    refused("unknown task", "multimodal", EHRXQA, lambda row: row.update(task="ehrxqa_table"), "`task` is none of"),
    refused(
        "task of the other dataset",
        "multimodal",
        RADIOLOGY,
        lambda row: row.update(task="ehrxqa_image"),
        "`task` is not one of its `source_benchmark`",
    ),
    refused(
        "unknown dataset",
        "multimodal",
        MEDMOD,
        lambda row: row.update(source_benchmark="mimic"),
        "`source_benchmark` is neither",
    ),
    refused("patient as words", "multimodal", EHRXQA, lambda row: row.update(subject_id="p1"), "`subject_id` is not"),
    refused("no moment", "multimodal", MEDMOD, lambda row: row.update(prediction_time=""), "`prediction_time` is not"),
    refused("no question", "multimodal", EHRXQA, lambda row: row.update(question=" "), "`question` is empty"),
    refused(
        "two images of a MedMod row",
        "multimodal",
        RADIOLOGY,
        lambda row: row.update(image_paths=row["image_paths"] * 2),
        "without exactly one image",
    ),
    refused(
        "no image of a MedMod row",
        "multimodal",
        RADIOLOGY,
        lambda row: row.update(image_paths=[]),
        "without exactly one image",
    ),
    refused("qid of no form", "multimodal", EHRXQA, lambda row: row.update(qid="ehrxqa-1"), "`qid` has not the form"),
    refused("empty gold", "text", "radiology", lambda row: row.update(label=[]), "empty gold"),
    refused("unknown subtask", "text", "radiology", lambda row: row.update(task="x-rays"), "unknown subtask"),
    refused(
        "task type of the other kind",
        "text",
        "radiology",
        lambda row: row.update(task_type="risk_prediction"),
        "`task_type` is not that of",
    ),
    refused(
        "moment before the latest event",
        "text",
        "radiology",
        lambda row: row.update(latest_event_time="2999-01-01 00:00:00"),
        "`prediction_time` is before",
    ),
    an_earlier_qid("multimodal", EHRXQA),
    an_earlier_qid("text", "radiology"),
    of_the_file("cut", "multimodal", lambda content: content[: -len(content) // 20], "not JSON"),
    of_the_file("cut", "text", lambda content: content[: len(content) // 2], "not JSON"),
    of_the_file("emptied", "multimodal", lambda content: b"", "holds no question"),
    of_the_file("emptied", "text", lambda content: b"", "holds no question"),
    of_the_file("a byte of another script", "multimodal", lambda content: b"\xe9" + content, "is not UTF-8", "line 1"),
    of_the_file("a web page", "multimodal", lambda content: b"<!DOCTYPE html>\n<html></html>\n", "not JSON"),
    of_the_file("a web page", "text", lambda content: b"<!DOCTYPE html>\n<html></html>\n", "not JSON"),
    _missing("multimodal"),
    _missing("text"),
)


# --- corrections of groups


def _overrides(text: Callable[[Bed], str], *says: str) -> Callable[[Bed], Sequence[str]]:
    def plant(bed: Bed) -> Sequence[str]:
        bed.manifest("multimodal").with_name("multimodal_groups.csv").write_text(text(bed))
        return says

    return plant


def _moved(bed: Bed) -> str:
    return f"qid,group\n{bed.of_task('multimodal', 'finding_presence').qid},phenotype\n"


OVERRIDES = (
    PlantedFault(
        "multimodal: a correction of no row",
        "manifest",
        "multimodal: manifest",
        _overrides(lambda bed: "qid,group\nehrxqa_test_999999,phenotype\n", "are in no row"),
    ),
    PlantedFault(
        "multimodal: a correction to no group",
        "manifest",
        "multimodal: manifest",
        _overrides(lambda bed: "qid,group\nehrxqa_test_1,findings\n", "line 2", "six groups"),
    ),
    PlantedFault(
        "multimodal: corrections without their header",
        "manifest",
        "multimodal: manifest",
        _overrides(lambda bed: "ehrxqa_test_1,phenotype\n", "qid,group"),
    ),
    PlantedFault(
        "multimodal: a correction to another group",
        "manifest",
        "multimodal: rows of group phenotype",
        _overrides(_moved),
        also=("multimodal: rows of group finding_presence",),
    ),
)


# --- linked paths


def path(name: str, what: str, task: str, check: str, change: Callable[[str], str], *also: str) -> PlantedFault:
    """Another first path of an image or a report in one row."""

    def plant(bed: Bed) -> Sequence[str]:
        question = bed.of_task("multimodal", task)
        paths = list(getattr(question, f"{what}_paths"))
        paths[0] = change(paths[0])
        return (bed.change(question, **{f"{what}_paths": paths}),)

    counts = f"multimodal: linked {what}s of {task}"
    return PlantedFault(f"{what}: {name}", "manifest", f"multimodal: {what} paths {check}", plant, (counts, *also))


FORM, OWN_PREFIX, OWN_PATIENT = (
    "of the released form, inside their root",
    "with the prefix of their dataset",
    "of the row's patient",
)


def _of_package(dataset: str) -> Callable[[str], str]:
    return lambda released: f"{PACKAGES[dataset]}/{released.partition('/')[2]}"


def _other_patient(released: str) -> str:
    *above, patient, study, name = released.split("/")
    return "/".join([*above, f"{patient[:-1]}{(int(patient[-1]) + 1) % 10}", study, name])


def _other_tree(released: str) -> str:
    *above, tree, patient, study, name = released.split("/")
    return "/".join([*above, "p00" if tree != "p00" else "p01", patient, study, name])


PATHS = (
    path("absolute", "image", EHRXQA, FORM, lambda released: f"/data/{released}"),
    path("dots up", "image", EHRXQA, FORM, lambda released: f"../{released}"),
    path("dots in between", "image", MEDMOD, FORM, lambda released: released.replace("/files/", "/files/../files/")),
    path("of Windows", "image", MEDMOD, FORM, lambda released: released.replace("/", "\\")),
    path("a PNG's name", "image", EHRXQA, FORM, lambda released: released.replace(".jpg", ".png")),
    path("a DICOM's name", "image", MEDMOD, FORM, lambda released: released.replace(".jpg", ".dcm")),
    path("a study without an image", "image", EHRXQA, FORM, lambda released: released.rpartition("/")[0]),
    path("a line break", "image", EHRXQA, FORM, lambda released: f"{released}\n"),
    path("prefix of MedMod", "image", EHRXQA, OWN_PREFIX, _of_package("medmod")),
    path("prefix of EHRXQA", "image", MEDMOD, OWN_PREFIX, _of_package("ehrxqa")),
    path("another patient", "image", EHRXQA, OWN_PATIENT, _other_patient),
    path("another patient's tree", "image", MEDMOD, OWN_PATIENT, _other_tree),
    path("absolute", "report", EHRXQA, FORM, lambda released: f"/{released}"),
    path("dots up", "report", EHRXQA, FORM, lambda released: f"../../{released}"),
    path("an image's", "report", EHRXQA, FORM, lambda released: released.replace(".txt", ".jpg")),
    path("prefix of MedMod", "report", EHRXQA, OWN_PREFIX, _of_package("medmod")),
    path("another patient", "report", EHRXQA, OWN_PATIENT, _other_patient),
)


# --- rows that contradict themselves


def _swapped_images(bed: Bed) -> Sequence[str]:
    question = bed.of_task("multimodal", EHRXQA)
    other = bed.another_patient(question)
    return (
        bed.change(question, image_paths=list(other.image_paths)),
        bed.change(other, image_paths=list(question.image_paths)),
    )


def _another_study(bed: Bed) -> Sequence[str]:
    question = bed.of_task("multimodal", RADIOLOGY)
    study, name = question.image_paths[0].split("/")[-2:]
    moved = question.image_paths[0].replace(f"{study}/{name}", f"s{int(study[1:]) - 1}/{name}")
    return (bed.change(question, image_paths=[moved]),)


CONTRADICTIONS = (
    PlantedFault(
        "image: swapped between two patients' rows",
        "manifest",
        f"multimodal: image paths {OWN_PATIENT}",
        _swapped_images,
    ),
    PlantedFault(
        "image: of another study of the patient",
        "manifest",
        "multimodal: rows linking another study than their qid names",
        _another_study,
        also=("multimodal: linked images of medmod",),
    ),
    PlantedFault(
        "multimodal: another ICU stay than the qid's",
        "manifest",
        "multimodal: rows of another ICU stay than their qid names",
        lambda bed: (bed.change(question := bed.of_task("multimodal", MORTALITY), stay_id=question.stay_id + 1),),
    ),
    PlantedFault(
        "multimodal: gold that is neither yes nor no",
        "manifest",
        "multimodal: mortality rows whose gold is not one yes or no",
        lambda bed: (bed.change(bed.of_task("multimodal", MORTALITY), ground_truth=[{"name": "perhaps"}]),),
    ),
    PlantedFault(
        "multimodal: both answers",
        "manifest",
        "multimodal: mortality rows whose gold is not one yes or no",
        lambda bed: (bed.change(bed.of_task("multimodal", MORTALITY), ground_truth=["yes", "no"]),),
    ),
)


# --- counts


def _one_more(split: str, *keys: str) -> Callable[[Bed], Sequence[str]]:
    def plant(bed: Bed) -> Sequence[str]:
        with bed.counts() as counts:
            held = counts[split]
            for key in keys[:-1]:
                held = held[key]
            held[keys[-1]] += 1
        return ()

    return plant


def off_by_one(split: str, check: str, *keys: str, also: tuple[str, ...] = ()) -> PlantedFault:
    name = f"{split}: one more promised of {' '.join(keys)}, as {check}"
    return PlantedFault(name, "manifest", f"{split}: {check}", _one_more(split, *keys), also)


def _without_last_row(split: str, task: str) -> Callable[[Bed], Sequence[str]]:
    def plant(bed: Bed) -> Sequence[str]:
        number = bed.of_task(split, task, -1).row_number
        with bed.rows(split) as rows:
            del rows[number - 1]
        return ()

    return plant


def _one_row_more(split: str, task: str, qid: str) -> Callable[[Bed], Sequence[str]]:
    def plant(bed: Bed) -> Sequence[str]:
        number = bed.of_task(split, task, -1).row_number
        with bed.rows(split) as rows:
            rows.append({**rows[number - 1], "qid": qid})
        return (f"row {len(bed.questions[split]) + 1}",) if split == "text" else ()

    return plant


def _no_counts(content: bytes) -> Callable[[Bed], Sequence[str]]:
    def plant(bed: Bed) -> Sequence[str]:
        bed.replace(bed.settings.release_root / "expected_counts.json", content)
        return ("expected_counts.json",)

    return plant


SEEN_OF_A_ROW = ("multimodal: rows", "multimodal: patients", "multimodal: linked")
COUNTS = (
    off_by_one("text", "rows", "rows", also=("text: decision rows",)),
    off_by_one("text", "patients", "patients"),
    off_by_one("text", "rows of radiology", "per_subtask", "radiology"),
    off_by_one("text", "risk rows", "per_subtask", "Inpatient_Mortality", also=("text: rows of", "text: decision")),
    off_by_one("multimodal", "rows", "rows"),
    *(
        off_by_one("multimodal", f"{check} {dataset}", key, dataset)
        for dataset in (EHRXQA, MEDMOD)
        for check, key in (
            ("rows of", "per_dataset"),
            ("patients of", "patients"),
            ("linked images of", "images"),
            ("linked reports of", "reports"),
        )
    ),
    *(off_by_one("multimodal", f"rows of {task}", "per_task", task) for task in TASKS),
    *(off_by_one("multimodal", f"rows of group {group}", "per_group", group) for group in GROUPS),
    PlantedFault(
        "text: a row is missing",
        "manifest",
        "text: rows of radiology",
        _without_last_row("text", "radiology"),
        also=("text: rows", "text: patients", "text: decision rows"),
    ),
    PlantedFault(
        "text: a row too many",
        "manifest",
        "text: rows of radiology",
        _one_row_more("text", "radiology", "ehr_bench_decision_making_999999"),
        also=("text: rows", "text: decision rows"),
    ),
    *(
        PlantedFault(
            f"multimodal: a row of {task} is missing",
            "manifest",
            f"multimodal: rows of {task}",
            _without_last_row("multimodal", task),
            also=SEEN_OF_A_ROW,
        )
        for task in ("ehrxqa_image", RADIOLOGY)
    ),
    PlantedFault(
        "multimodal: a row too many",
        "manifest",
        "multimodal: rows of ehrxqa",
        _one_row_more("multimodal", EHRXQA, "ehrxqa_test_999999"),
        also=SEEN_OF_A_ROW,
    ),
    PlantedFault(
        "counts that cannot be read", "manifest", "text: manifest", _no_counts(b"{"), also=("multimodal: manifest",)
    ),
    PlantedFault(
        "counts of another form",
        "manifest",
        "multimodal: manifest",
        _no_counts(b'{"release": "built", "rows": 3}'),
        also=("text: manifest",),
    ),
)
FAULTS = (*REFUSED, *OVERRIDES, *PATHS, *CONTRADICTIONS, *COUNTS)
