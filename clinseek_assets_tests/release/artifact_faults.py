"""Faults of what was built: databases, shared files, tables and the files they come from, contexts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.mimic.multimodal.dataset_files import find_medmod_subjects
from clinseek_assets.storage.fingerprint import of_text
from clinseek_assets.storage.receipts import ReceiptBook
from clinseek_assets_tests.release.bed import Bed
from clinseek_assets_tests.release.faults import PlantedFault

EHRXQA, MEDMOD = "ehrxqa", "medmod"
WEB_PAGE = b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n"

# Records -> a task of theirs, the part they are looked at in, how checks call them, a table that all of them have.
RECORDS = {
    "text": ("radiology", "text_databases", "text: patient databases", "admissions"),
    EHRXQA: (EHRXQA, "multimodal_databases", "multimodal: ehrxqa patient databases", "admissions"),
    MEDMOD: (MEDMOD, "multimodal_databases", "multimodal: medmod patient databases", "stays"),
}


def database(records: str, name: str, state: str, change: Callable[[Bed, Question, Path], object]) -> PlantedFault:
    """Something done to the database of one patient of these records."""
    task, part, what, _ = RECORDS[records]

    def plant(bed: Bed) -> Sequence[str]:
        question = bed.of_task("text" if records == "text" else "multimodal", task)
        change(bed, question, bed.database(question))
        return (bed.first_row_of_patient(question),)

    return PlantedFault(f"{records} database: {name}", part, f"{what} {state}", plant)


def _sql(statement: str) -> Callable[[Bed, Question, Path], None]:
    def change(bed: Bed, question: Question, path: Path) -> None:
        with bed.sql(path) as connection:
            connection.execute(statement.format(other=bed.another_patient(question).subject_id))

    return change


def _of_another(bed: Bed, question: Question, path: Path) -> None:
    bed.replace(path, bed.database(bed.another_patient(question)).read_bytes())


def _a_row_of_another(bed: Bed, question: Question, path: Path) -> None:
    """In a table that has rows; beside `patients`, which has one of each patient."""
    other = bed.another_patient(question).subject_id
    with bed.sql(path) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        changed = (
            connection.execute(f'UPDATE "{name}" SET subject_id = {other}') for name in names if name != "patients"
        )
        assert any(update.rowcount for update in changed)


def _longer(bed: Bed, question: Question, path: Path) -> None:
    bed.replace(path, path.read_bytes() + bytes(1024))


def _renamed(bed: Bed, question: Question, path: Path) -> None:
    path.rename(path.with_name("patient_1.db"))


DATABASES = tuple(
    database(records, name, state, change)
    for records, (_, _, _, table) in RECORDS.items()
    for name, state, change in (
        ("missing", "that are there", lambda bed, question, path: path.unlink()),
        ("renamed", "that are there", _renamed),
        ("no bytes", "with the catalogue's tables", lambda bed, question, path: bed.replace(path, b"")),
        ("cut", "that open", lambda bed, question, path: bed.cut(path, 0.3)),
        ("a web page", "that open", lambda bed, question, path: bed.replace(path, WEB_PAGE)),
        ("another patient's", "of their patient", _of_another),
        ("another patient's row", "of their patient", _a_row_of_another),
        ("a table is missing", "with the catalogue's tables", _sql(f"DROP TABLE {table}")),
        ("a table of labels", "with the catalogue's tables", _sql("CREATE TABLE tb_cxr_plus (subject_id INTEGER)")),
        ("a column too many", "with the catalogue's tables", _sql(f"ALTER TABLE {table} ADD COLUMN outcome TEXT")),
        ("of another size", "of the size that was noted when they were built", _longer),
    )
)


def shared(name: str, part: str, check: str, change: Callable[[Bed], object], *says: str) -> PlantedFault:
    """Something done to a file that all patients share."""

    def plant(bed: Bed) -> Sequence[str]:
        change(bed)
        return says

    return PlantedFault(f"shared: {name}", part, check, plant)


def _drop(path_of: Callable[[Bed], Path], table: str) -> Callable[[Bed], None]:
    def change(bed: Bed) -> None:
        with bed.sql(path_of(bed)) as connection:
            connection.execute(f"DROP TABLE {table}")

    return change


def _broken_line(bed: Bed) -> None:
    path = bed.layout.table_descriptions / "shorten_description.json"
    bed.replace(path, path.read_bytes() + b"{\n")


SHARED = (
    shared(
        "no dictionaries",
        "text_databases",
        "reference tables",
        lambda bed: bed.layout.reference_tables.unlink(),
        "reference_table.db",
    ),
    shared(
        "a dictionary is missing",
        "text_databases",
        "reference tables",
        _drop(lambda bed: bed.layout.reference_tables, "d_items"),
        "d_items",
    ),
    shared(
        "candidate tables are no database",
        "text_databases",
        "candidate tables",
        lambda bed: bed.replace(bed.layout.candidate_tables, WEB_PAGE),
        "candidate_table.db",
    ),
    shared(
        "a candidate table is missing",
        "text_databases",
        "candidate tables",
        _drop(lambda bed: bed.layout.candidate_tables, "radiology_candidates"),
        "radiology_candidates",
    ),
    shared(
        "no links of tables",
        "text_databases",
        "table descriptions",
        lambda bed: (bed.layout.table_descriptions / "link_information.json").unlink(),
        "link_information.json",
    ),
    shared(
        "a broken line of descriptions",
        "text_databases",
        "table descriptions",
        _broken_line,
        "shorten_description.json",
    ),
    *(
        shared(
            f"no dictionaries of {dataset}",
            "multimodal_databases",
            f"multimodal: {dataset} reference tables",
            lambda bed, dataset=dataset: bed.layout.dataset_reference(dataset).unlink(),
            f"{dataset}_reference_table.db",
        )
        for dataset in (EHRXQA, MEDMOD)
    ),
)


# --- source files and the tables extracted from them


def source(name: str, check: str, change: Callable[[Bed], Sequence[str]]) -> PlantedFault:
    return PlantedFault(f"source: {name}", "multimodal_tables", f"multimodal: {check}", change)


def _without(root: str, pattern: str, *says: str) -> Callable[[Bed], Sequence[str]]:
    """Remove the files of a root that a pattern finds."""

    def plant(bed: Bed) -> Sequence[str]:
        found = list(getattr(bed.settings, root).rglob(pattern))
        assert found
        for path in found:
            path.unlink()
        return says

    return plant


def _without_subject(change: Callable[[Path], object]) -> Callable[[Bed], Sequence[str]]:
    """Do something to the folder of one MedMod patient."""

    def plant(bed: Bed) -> Sequence[str]:
        question = bed.of_task("multimodal", MEDMOD)
        subjects = find_medmod_subjects(bed.settings.medmod_root)
        (folder,) = subjects.glob(f"*/{question.subject_id}")
        change(folder)
        return (bed.first_row_of_patient(question),)

    return plant


SOURCES = (
    *(
        source(f"no list {name}", "lists of MIMIC-CXR-JPG", _without("mimic_cxr_jpg_root", f"*-{name}.csv*", name))
        for name in ("metadata", "chexpert", "split")
    ),
    source("no table of EHRXQA", "tables of EHRXQA", _without("ehrxqa_root", "labevents.csv*", "labevents")),
    source("no answers of EHRXQA", "EHRXQA's own questions", _without("ehrxqa_root", "test.json", "test.json")),
    source(
        "no list of MedMod",
        "MedMod's list files",
        _without("medmod_root", "in-hospital-mortality/test_listfile.csv*", "in-hospital-mortality, test"),
    ),
    source(
        "no stays of a patient",
        "patients of MedMod with stays.csv",
        _without_subject(lambda folder: next(folder.glob("stays.csv*")).unlink()),
    ),
    source(
        "no events of a patient",
        "patients of MedMod with events.csv",
        _without_subject(lambda folder: next(folder.glob("events.csv*")).unlink()),
    ),
)


def extracted(name: str, part: str, path_of: Callable[[Bed], Path], change: Callable[[Bed, Path], object], key: str):
    split = part.partition("_")[0]

    def plant(bed: Bed) -> Sequence[str]:
        change(bed, path_of(bed))
        return (key,)

    return PlantedFault(f"extracted: {name} {key}", part, f"{split}: extracted tables", plant)


def _less_a_column(bed: Bed, path: Path) -> None:
    with bed.frame(path) as frame:
        frame.drop(columns="subject_id", inplace=True)


EXTRACTED = tuple(
    extracted(name, part, path_of, change, key)
    for part, key, path_of in (
        ("text_tables", "hosp/admissions", lambda bed: bed.layout.source_table("hosp", "admissions")),
        ("multimodal_tables", "mimic_cxr/chexpert", lambda bed: bed.layout.dataset_table("mimic_cxr", "chexpert")),
        ("multimodal_tables", "ehrxqa/tb_cxr", lambda bed: bed.layout.dataset_table(EHRXQA, "tb_cxr")),
        ("multimodal_tables", "medmod/events", lambda bed: bed.layout.dataset_table(MEDMOD, "events")),
    )
    for name, change in (
        ("no table", lambda bed, path: path.unlink()),
        ("half a table", lambda bed, path: bed.cut(path)),
        ("without its patients", _less_a_column),
    )
)


# --- contexts


def context(
    split: str, arm: str, name: str, check: str, change: Callable[[Bed, Question, Path], object], *also: str
) -> PlantedFault:
    """Something done to the contexts of one subtask."""
    what = f"{split}: {arm} contexts"

    def plant(bed: Bed) -> Sequence[str]:
        question = bed.of_task(split, "radiology" if split == "text" else "change_comparison")
        change(bed, question, bed.layout.contexts(split, arm, question.task))
        return (question.task if check == AS_RECORDED else f"row {question.row_number}",)

    further = tuple(f"{what}{one}" for one in also)
    return PlantedFault(f"{what}: {name}", f"{split}_contexts", f"{what}{check}", plant, further)


THERE, OWN_HASH, AS_RECORDED = " that are there", " with their own hash", ": subtasks as recorded"


def _another_text(bed: Bed, question: Question, path: Path) -> None:
    with bed.frame(path) as frame:
        frame.loc[frame["qid"] == question.qid, "context"] += " He died."


def _another_text_and_hash(bed: Bed, question: Question, path: Path) -> None:
    with bed.frame(path) as frame:
        frame.loc[frame["qid"] == question.qid, ["context", "context_sha256"]] = ("Nothing.", of_text("Nothing."))


def _no_hash(bed: Bed, question: Question, path: Path) -> None:
    with bed.frame(path) as frame:
        frame.loc[frame["qid"] == question.qid, "context_sha256"] = None


def _without_row(bed: Bed, question: Question, path: Path) -> None:
    with bed.frame(path) as frame:
        frame.drop(index=frame.index[frame["qid"] == question.qid], inplace=True)


def _no_receipt(bed: Bed, question: Question, path: Path) -> None:
    split, arm = path.parts[-3:-1]
    asset = f"{split}_{'contexts' if arm == 'curated' else 'strict_contexts'}"
    ReceiptBook(bed.layout.assets / "receipts").forget(asset, question.task)


CONTEXTS = tuple(
    context(split, arm, name, check, change, *also)
    for split in ("text", "multimodal")
    for arm in ("curated", "curated_strict")
    for name, check, change, also in (
        ("missing", THERE, lambda bed, question, path: path.unlink(), ()),
        ("cut", THERE, lambda bed, question, path: bed.cut(path), ()),
        ("a row is missing", THERE, _without_row, (AS_RECORDED,)),
        ("altered", OWN_HASH, _another_text, (AS_RECORDED,)),
        ("without a hash", OWN_HASH, _no_hash, (AS_RECORDED,)),
        ("altered with its hash", AS_RECORDED, _another_text_and_hash, ()),
        ("never recorded", AS_RECORDED, _no_receipt, ()),
    )
)

FAULTS = (*DATABASES, *SHARED, *SOURCES, *EXTRACTED, *CONTEXTS)
