from __future__ import annotations

import csv
import gzip
import io
import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.benchmark.released_counts import expected_counts
from clinseek_assets.commands.build_manifest import command
from clinseek_assets.faults import Fault
from clinseek_assets.locations.data_class import classify, voucher_file
from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets_tests.construction.a_ward import FIRST, inpatient

# Possible without ED, notes and a mapping to ATC classes: all but 7 risk predictions and 7 decisions.
POSSIBLE_ON_THE_DEMO = 31


def write_root(root: Path, patients: int) -> Path:
    """A MIMIC-IV root of CSV files, one of them compressed."""
    hospital = [inpatient(number) for number in range(patients)]
    for name in ("patients", "admissions", "poe", "emar", "services", "transfers"):
        table = PATIENT_TABLES[name]
        folder = root / table.module
        folder.mkdir(parents=True, exist_ok=True)
        rows = [row for of_patient in hospital for row in of_patient[name]]
        written = io.StringIO(newline="")
        writer = csv.DictWriter(written, table.column_names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**row, **required(name, place)} for place, row in enumerate(rows))
        if name == "poe":
            (folder / "poe.csv.gz").write_bytes(gzip.compress(written.getvalue().encode()))
        else:
            (folder / f"{name}.csv").write_text(written.getvalue(), newline="")
    return root


def required(table: str, place: int) -> dict[str, object]:
    """What a source table requires and the lives by hand leave open."""
    return {
        "patients": {"anchor_year": 2150, "anchor_year_group": "2011 - 2013"},
        "poe": {"poe_id": f"o-{place}", "poe_seq": place},
        "emar": {"emar_id": f"e-{place}", "emar_seq": place, "poe_id": "o-1", "storetime": "2150-01-10 00:00:00"},
        "transfers": {"transfer_id": place},
    }.get(table, {})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLINSEEK_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def run(*arguments: object) -> str:
    result = CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_root_becomes_a_manifest_with_its_counts_and_report(home, tmp_path):
    root, out = write_root(tmp_path / "mimic", 24), tmp_path / "bench" / "text" / "ClinSeek-Bench_text.json"
    told = run("--mimic-root", root, "--per-subtask", 10, "--seed", 3, "--out", out)
    assert "LengthOfStay_3day" in told and "24 of 24 patients considered" in told
    questions = read_manifest(out)
    assert expected_counts(out.parent.parent).text.rows == len(questions) > 0
    report = json.loads((out.parent / "ClinSeek-Bench_text.report.json").read_text())
    assert report["rows"] == len(questions)
    assert report["patients_of_root"] == 24
    assert any((home / "build_manifest").rglob("poe.parquet"))


def test_a_pool_is_a_seeded_draw_of_the_roots_patients(home, tmp_path):
    root = write_root(tmp_path / "mimic", 24)
    chosen = {}
    for seed in (1, 1, 2):
        out = tmp_path / f"m{seed}.json"
        report = json.loads(
            run("--mimic-root", root, "--per-subtask", 30, "--seed", seed, "--out", out, "--pool", 9, "--json")
        )
        assert (report["patients_considered"], report["patients_of_root"]) == (9, 24)
        patients = {question.subject_id - FIRST for question in read_manifest(out)}
        assert chosen.setdefault(seed, patients) == patients
        assert len(patients) <= 9
    assert chosen[1] != chosen[2]


def test_rows_without_contexts(home, tmp_path):
    root, out = write_root(tmp_path / "mimic", 12), tmp_path / "m.json"
    run(
        "--mimic-root",
        root,
        "--per-subtask",
        3,
        "--seed",
        3,
        "--out",
        out,
        "--without-input",
        "--work",
        tmp_path / "work",
    )
    assert all("input" not in row and "question" not in row for row in json.loads(out.read_text()))
    assert (tmp_path / "work").is_dir() and not (home / "build_manifest").exists()


def test_a_damaged_table_ends_it_and_leaves_no_manifest(home, tmp_path):
    root, out = write_root(tmp_path / "mimic", 12), tmp_path / "m.json"
    whole = (root / "hosp" / "poe.csv.gz").read_bytes()
    (root / "hosp" / "poe.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Fault, match="poe"):
        run("--mimic-root", root, "--per-subtask", 3, "--seed", 3, "--out", out)
    assert not out.exists()


@pytest.mark.parametrize("content", [{}, {"hosp": "admissions"}])
def test_a_root_without_patients_is_refused(home, tmp_path, content):
    root = write_root(tmp_path / "mimic", 3)
    for path in (root / "hosp").iterdir():
        if path.name.partition(".")[0] not in content.values():
            path.unlink()
    with pytest.raises(Fault):
        run("--mimic-root", root, "--per-subtask", 3, "--seed", 3, "--out", tmp_path / "m.json")


@pytest.mark.slow
def test_the_open_demo_is_a_benchmark(home, tmp_path):
    demo = os.environ.get("MIMIC_DEMO_ROOT")
    if not demo:
        pytest.skip("MIMIC_DEMO_ROOT does not name the open MIMIC-IV demo")
    out = tmp_path / "m.json"
    report = json.loads(
        run("--mimic-root", demo, "--per-subtask", 40, "--seed", 42, "--out", out, "--keep-decided", "--json")
    )
    subtasks = report["subtasks"]
    impossible = {
        name for name, found in subtasks.items() if found["reason"] and found["reason"].startswith("There is no ")
    }
    assert len(subtasks) - len(impossible) == POSSIBLE_ON_THE_DEMO
    filled = {name for name, found in subtasks.items() if found["n"]}
    assert len(filled) >= 29
    assert all(found["reason"] for name, found in subtasks.items() if name not in filled)
    # What the published notes measured on the demo: 24 ICU stays pass the filter, 14 are over before the moment.
    assert subtasks["ICU_Stay_7day"]["pool"] == 24
    honest = json.loads(
        run("--mimic-root", demo, "--per-subtask", 40, "--seed", 42, "--out", tmp_path / "h.json", "--json")
    )
    assert honest["subtasks"]["ICU_Stay_7day"]["left_out"]["decided"] == 14
    assert not any(question.decided for question in read_manifest(tmp_path / "h.json"))
    for question in read_manifest(out):
        assert set(question.gold) <= set(question.candidates or ())
        assert len(question.candidates or ()) <= 100


def test_a_manifest_of_open_sources_is_vouched_for_and_no_other_is(home, tmp_path, tiny_release):
    root, out = tiny_release / "sources" / "mimic_iv", tmp_path / "open" / "questions.json"
    told = run("--mimic-root", root, "--per-subtask", 1, "--out", out)
    assert voucher_file(out).is_file() and "questions.voucher.json" in told.replace("\n", "")
    assert classify([out, *root.rglob("*.csv.gz")]).data_class == "open"

    changed = tmp_path / "changed"
    shutil.copytree(tiny_release / "sources", changed)
    table = changed / "mimic_iv" / "hosp" / "omr.csv.gz"
    table.write_bytes(gzip.compress(gzip.decompress(table.read_bytes()) + b"1,2150-01-01,1,Weight (Lbs),150\n"))
    run("--mimic-root", changed / "mimic_iv", "--per-subtask", 1, "--out", out)
    assert not voucher_file(out).exists()
    assert classify([out]).data_class == "credentialed"
