"""An export is what the published code looks for, is ours alone to replace, and survives what happens to it."""

from __future__ import annotations

import dataclasses
import filecmp
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clinseek_assets.faults import Fault
from clinseek_assets.release import validation
from clinseek_assets.release.export import writing
from clinseek_assets.release.export.placing import COPIES, HARD_LINKS, Way
from clinseek_assets.release.export.writing import MARKER, export_release
from clinseek_assets.release.manifests import manifest_checks, read_split
from clinseek_assets.release.scope import Scope
from clinseek_assets_tests.release import as_published
from clinseek_assets_tests.release.a_release import (
    FIRST,
    MULTIMODAL_COUNTS,
    MULTIMODAL_ROWS,
    PATIENTS,
    TEXT_ROWS,
)

BOTH = ("text", "multimodal")


@pytest.fixture
def package(bed, tmp_path):
    return export_release(bed.settings, BOTH, tmp_path / "package", COPIES).out


def files_of(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def test_the_published_validator_finds_everything(package):
    counts = MULTIMODAL_COUNTS
    assert as_published.validator(package, counts["per_dataset"], counts["per_task"]) == []


def test_the_published_agent_finds_the_files_by_the_paths_as_released(package):
    paths = as_published.agent_paths(package)
    assert len(paths) == 12
    assert all(path.is_file() for path in paths)


def test_the_published_scorer_finds_the_gold_of_every_row(package):
    assert as_published.scored_gold(as_published.rows_of(package)) == [
        [item["name"] for item in row["ground_truth"]] for row in MULTIMODAL_ROWS
    ]


def test_the_manifests_of_the_multimodal_split_keep_the_released_keys_and_gain_the_evidence(package):
    rows = as_published.rows_of(package)
    assert [{key: row[key] for key in released} for row, released in zip(rows, MULTIMODAL_ROWS, strict=True)] == list(
        MULTIMODAL_ROWS
    )
    assert [row["input_text"] for row in rows] == [f"The curated evidence of row {n}." for n in range(1, 8)]
    assert {key for row in rows for key in row} - set(MULTIMODAL_ROWS[0]) == {"input_text", "label"}
    by_dataset = [*as_published.rows_of(package, "mm_bench_ehrxqa.jsonl")]
    by_dataset += as_published.rows_of(package, "mm_bench_medmod.jsonl")
    assert by_dataset == rows


def test_the_text_manifest_has_all_that_both_published_drivers_read(package):
    rows = json.loads((package / "inputs" / "ehr_bench.json").read_text())
    assert (package / "data" / "text" / "ClinSeek-Bench_text.json").read_text() == json.dumps(
        rows, indent=1, ensure_ascii=False
    ) + "\n"
    for row, released in zip(rows, TEXT_ROWS, strict=True):
        assert isinstance(row["subject_id"], int)
        assert row["instruction"] and row["label"] == released["label"]
        assert row["input"] == released["input"]
        assert f"<patient_timeline>\n{row['input']}\n</patient_timeline>" in row["question"]
        assert str(row["subject_id"]) not in row["question"]
        assert "<answer>" not in row["question"]


def test_databases_are_read_by_the_published_loader(package):
    tables = as_published.loaded(package / "data/mm_bench/ehrxqa/database" / f"patient_{FIRST}.db", "2151-01-01")
    assert len(tables["tb_cxr"]) == 2
    assert set(tables["patients"]["subject_id"]) == {FIRST}
    text = as_published.loaded(package / "data/text/database" / f"patient_{PATIENTS[0]}.db", "2149-12-31")
    assert len(text["patients"]) == 1 and len(text["admissions"]) == 0


@pytest.mark.parametrize("root", ["data/text", "data/mm_bench/ehrxqa", "data/mm_bench/medmod"])
def test_descriptions_are_read_line_by_line(package, root):
    told = as_published.descriptions(package / root / "table_description")
    assert {"file_name", "class", "description", "columns"} <= set(told[0])


def test_released_manifests_lie_beside_as_they_were(bed, package):
    for split in BOTH:
        source = bed.manifest(split)
        assert filecmp.cmp(source, package / source.name, shallow=False)


def test_the_package_is_a_release_root_whose_images_and_reports_are_found(bed, package):
    settings = bed.settings.model_copy(
        update={
            "release_root": package,
            "mimic_cxr_jpg_root": None,
            "mimic_cxr_root": package / "data/mm_bench/ehrxqa",
        }
    )
    checks = manifest_checks(settings, BOTH)
    questions = read_split(settings, "multimodal")[1]
    for part in (validation.multimodal_images, validation.multimodal_reports):
        checks += part(Scope(settings), questions)
    assert len(checks) > 60
    assert [check for check in checks if not check.ok] == []


def test_it_is_private_and_git_leaves_it_alone(package):
    assert stat.S_IMODE(package.stat().st_mode) == 0o700
    modes = {name: stat.S_IMODE(path.stat().st_mode) for name, path in files_of(package).items()}
    assert set(modes.values()) == {0o600}
    folders = [path for path in package.rglob("*") if path.is_dir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    assert (package / ".gitignore").read_text() == "*\n"


def test_its_own_words_name_no_patient_and_no_question(bed, package):
    words = "".join((package / name).read_text() for name in ("README.md", "metadata.json"))
    for questions in bed.questions.values():
        for question in questions:
            assert str(question.subject_id) not in words and question.qid not in words.split()
    assert json.loads((package / "metadata.json").read_text())["splits"]["multimodal"]["ehrxqa_patients"] == 2


def test_copies_are_of_their_own_and_hard_links_are_the_originals(bed, package, tmp_path):
    linked = export_release(bed.settings, BOTH, tmp_path / "linked", HARD_LINKS).out
    question = bed.of_task("multimodal", "ehrxqa")
    tail = question.image_paths[0].partition("/")[2]
    copy, link = (folder / "data/mm_bench/ehrxqa" / tail for folder in (package, linked))
    assert link.samefile(bed.image(question)) and not copy.samefile(bed.image(question))
    assert copy.read_bytes() == link.read_bytes()
    assert "To edit one is to edit the original" in (linked / "README.md").read_text()
    assert "To edit one" not in (package / "README.md").read_text()


def test_what_did_not_change_is_not_written_again_and_a_change_is(bed, package):
    before = {name: path.stat().st_ino for name, path in files_of(package).items()}
    again = export_release(bed.settings, BOTH, package, COPIES)
    assert again.up_to_date
    assert {name: path.stat().st_ino for name, path in files_of(package).items()} == before
    (package / "inputs" / "mm_bench.jsonl").write_text("edited")
    assert not export_release(bed.settings, BOTH, package, COPIES).up_to_date
    assert len(as_published.rows_of(package)) == 7


def test_one_split_replaces_both_and_leaves_nothing_of_the_other(bed, package):
    export_release(bed.settings, ("multimodal",), package, COPIES)
    assert not (package / "data" / "text").exists()
    assert not (package / "inputs" / "ehr_bench.json").exists()
    assert "Text split" not in (package / "README.md").read_text()
    assert [path.name for path in package.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("content", ["a file", "a folder with a file", "a file named so"])
def test_what_no_export_wrote_is_never_touched(bed, tmp_path, content):
    out = tmp_path / "mine"
    if content == "a file named so":
        out.write_text("mine")
    else:
        out.mkdir()
        (out / content).write_text("mine")
    before = out.read_text() if out.is_file() else (out / content).read_text()
    with pytest.raises(Fault, match="is no export"):
        export_release(bed.settings, BOTH, out, COPIES)
    assert (out.read_text() if out.is_file() else (out / content).read_text()) == before


def test_an_export_with_somebody_s_results_in_it_is_not_replaced(bed, package):
    (package / "outputs").mkdir()
    (package / "outputs" / "results.jsonl").write_text("mine")
    with pytest.raises(Fault, match="1 files that no export wrote"):
        export_release(bed.settings, ("text",), package, COPIES)
    assert (package / "outputs" / "results.jsonl").read_text() == "mine"


def test_an_empty_folder_is_taken(bed, tmp_path):
    (tmp_path / "empty").mkdir()
    assert not export_release(bed.settings, ("text",), tmp_path / "empty", COPIES).up_to_date


LACKING = {
    "ehrxqa_patient_databases, patients without one: 1 (first: row 1)": lambda bed: bed.database(
        bed.of_task("multimodal", "ehrxqa")
    ).unlink(),
    "multimodal_contexts, questions without a context: 1 (first: row 2)": lambda bed: bed.layout.contexts(
        "multimodal", "curated", "change_comparison"
    ).unlink(),
    "linked X-rays that cannot be used (missing): 2 (first: row 1, row 2)": lambda bed: bed.image(
        bed.of_task("multimodal", "ehrxqa")
    ).unlink(),
    "linked reports that cannot be used: 2 (first: row 1, row 2)": lambda bed: bed.alter_report(
        bed.of_task("multimodal", "ehrxqa"), lambda content: b"\xe9"
    ),
    "text_patient_databases, patients without one: 1 (first: row 1)": lambda bed: bed.database(
        bed.of_task("text", "Inpatient_Mortality")
    ).unlink(),
    "(first: reference_table.db)": lambda bed: bed.layout.reference_tables.unlink(),
    "text_contexts, questions without a row: 3 (first: row 2, row 3, row 4)": lambda bed: bed.layout.contexts(
        "text", "curated", "radiology"
    ).unlink(),
}


@pytest.mark.parametrize("told", LACKING)
def test_what_is_not_there_is_named_and_nothing_is_written(bed, tmp_path, told):
    LACKING[told](bed)
    with pytest.raises(Fault) as raised:
        export_release(bed.settings, BOTH, tmp_path / "package", COPIES)
    assert told in str(raised.value)
    assert not (tmp_path / "package").exists()


def test_a_context_that_was_altered_is_not_exported(bed, tmp_path):
    question = bed.of_task("multimodal", "change_comparison")
    with bed.frame(bed.layout.contexts("multimodal", "curated", question.task)) as frame:
        frame["context"] += " He died."
    with pytest.raises(Fault, match="row 2 of the multimodal split is not the one that was recorded"):
        export_release(bed.settings, BOTH, tmp_path / "package", COPIES)


def test_a_release_without_the_split_says_so(bed, tmp_path):
    bed.manifest("multimodal").unlink()
    with pytest.raises(Fault, match="multimodal split cannot be exported"):
        export_release(bed.settings, ("multimodal",), tmp_path / "package", COPIES)
    assert export_release(bed.settings, ("text",), tmp_path / "package", COPIES).files > 10


def stopping(way: Way, files: int) -> Way:
    """The same way, until so many files are placed; then the disk is full."""
    left = iter(range(files))

    def put(source: Path, target: Path) -> None:
        if next(left, None) is None:
            raise OSError(28, "No space left on device", str(target))
        way.put(source, target)

    return dataclasses.replace(way, put=put)


def test_a_full_disk_leaves_what_was_there_and_the_next_run_goes_on(bed, package):
    before = {name: path.read_bytes() for name, path in files_of(package).items()}
    bed.change(bed.of_task("text", "radiology"), source_file="another.json")
    with pytest.raises(Fault) as raised:
        export_release(bed.settings, BOTH, package, stopping(COPIES, 5))
    assert "No space left" in str(raised.value) and not any(str(patient) in str(raised.value) for patient in PATIENTS)
    assert {name: path.read_bytes() for name, path in files_of(package).items()} == before
    placed = []
    counting = dataclasses.replace(
        COPIES, put=lambda source, target: (placed.append(target), COPIES.put(source, target))
    )
    made = export_release(bed.settings, BOTH, package, counting)
    assert len(placed) == made.files - 5 - texts_of(package)
    assert "another.json" in (package / "inputs" / "ehr_bench.json").read_text()


def texts_of(package: Path) -> int:
    """Files that the export writes itself, and second names: 4 of all, 2 + 3 manifests, 4 descriptions, 3 reports."""
    reports = len(list((package / "data/mm_bench/ehrxqa/mimic-cxr/2.0.0/mimic-cxr-reports").rglob("*.txt")))
    return 3 + 2 + 3 + 4 + reports + 2


KILLED_AT = """
import os, signal, sys
from pathlib import Path
from clinseek_assets.release.export import writing
from clinseek_assets.release.export.placing import COPIES
from clinseek_assets_tests.release.built import settings_of
root, out, moment = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
real = getattr(writing, moment)
def killed(*arguments):
    if moment == "_publish":
        arguments[1].rename(arguments[1].with_name(f"{writing.RETIRED}{arguments[1].name}-killed"))
    else:
        real(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(writing, moment, killed)
writing.export_release(settings_of(root), ("text", "multimodal"), out, COPIES)
"""


@pytest.mark.parametrize("moment", ["place", "_publish"])
def test_killed_at_the_worst_moments_the_next_run_makes_the_same(bed, package, moment):
    whole = {name: path.read_bytes() for name, path in files_of(package).items() if name != MARKER}
    (package / "inputs" / "mm_bench.jsonl").write_text("edited")
    root = Path(__file__).parents[2]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AT, bed.root, package, moment], env={**os.environ, "PYTHONPATH": str(root)}
    )
    assert killed.returncode == -signal.SIGKILL
    assert (package / "inputs" / "mm_bench.jsonl").exists() == (moment == "place")
    export_release(bed.settings, BOTH, package, COPIES)
    assert {name: path.read_bytes() for name, path in files_of(package).items() if name != MARKER} == whole
    assert [path.name for path in package.parent.iterdir() if path.name.startswith(".")] == []


def test_two_exports_to_one_place_do_not_mix(bed, tmp_path):
    out = tmp_path / "package"
    with (
        writing.sole_use(out.with_name(f"{writing.WORKING}{out.name}"), "exporting"),
        pytest.raises(Fault, match="another run is exporting there"),
    ):
        export_release(bed.settings, BOTH, out, COPIES)


def test_a_second_export_is_quick(bed, package):
    started = time.perf_counter()
    assert export_release(bed.settings, BOTH, package, COPIES).up_to_date
    assert time.perf_counter() - started < 2
