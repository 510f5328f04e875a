"""The audit as an asset over a synthetic release: it passes, and each kind of damage fails the check that it should."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pandas
import pytest

from clinseek_assets.assets.contexts import STRICT, strict_path_of
from clinseek_assets.assets.leak_audit import audit_file, contexts_of, leak_audit
from clinseek_assets.audit.examination import Sources, examine
from clinseek_assets.audit.many_questions import draw_risk_cases
from clinseek_assets.audit.report import Audit, run_audit
from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.checks.leak_audit import SPECS, fewest_patients
from clinseek_assets.construction.manifest import build_manifest, write_manifest
from clinseek_assets.construction.pool import Pool, extract_pool
from clinseek_assets.mimic.catalogue import MODULES
from clinseek_assets.records.patient_databases import build_patient_databases, database_path
from clinseek_assets.resources.home import Home
from clinseek_assets.storage.fingerprint import of_file
from clinseek_assets.synthetic.profiles import profile_named
from clinseek_assets.synthetic.release import make_release
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets.timeline.rows import patients_of
from clinseek_assets_tests.conftest import FEW, settings_over

CHECKS = [spec.name for spec in SPECS]


@pytest.fixture
def audited_home(finished_home: Path, tiny_release: Path, tmp_path: Path) -> Home:
    """A copy of the finished home, with its audit."""
    copy = tmp_path / "home"
    shutil.copytree(finished_home, copy)
    return Home.of(settings_over(tiny_release, copy))


@pytest.fixture
def home(audited_home: Home) -> Home:
    """A copy of the finished home, to be damaged at will; nobody has audited it yet."""
    audited_home.receipts.forget("leak_audit")
    return audited_home


def materialized(home: Home) -> tuple[bool, dict[str, bool], list[str]]:
    """Whether the run succeeded, what each check said, and what was told of progress."""
    told: list[str] = []
    result = dg.materialize(
        [leak_audit.definition],
        resources={"home": home, "progress": lambda work, done, total: told.append(f"{work} {done}/{total}")},
        raise_on_error=False,
        instance=dg.DagsterInstance.ephemeral(),
    )
    found = {one.check_name: one.passed for one in result.get_asset_check_evaluations()}
    return result.success, found, told


def test_over_a_synthetic_release_every_check_passes(home):
    success, found, told = materialized(home)
    assert found == dict.fromkeys(CHECKS, True)
    assert success and told[-1].startswith("patients audited")
    report = json.loads(audit_file(home).read_text())
    assert report["contexts"]["contexts"] == sum(len(home.questions(subtask)) for subtask in FEW) > 0
    assert report["controls"]["planted"] >= 33 + 1 + 40
    assert sum(subtask["questions"] for subtask in report["subtasks"].values()) == len(home.questions())
    assert min(report["rows_compared"][policy] for policy in ("strict", "compat")) > 50 * len(home.questions())


def test_neither_report_nor_metadata_names_a_patient_or_a_question(audited_home):
    facts = audited_home.receipts.read("leak_audit").facts
    told = audit_file(audited_home).read_text() + json.dumps(facts, default=str)
    questions = audited_home.questions()
    assert facts and questions
    assert not any(str(question.subject_id) in told or f'"{question.qid}"' in told for question in questions)


def test_nothing_changed_is_nothing_done(audited_home):
    written = audit_file(audited_home).stat().st_mtime_ns
    success, found, told = materialized(audited_home)
    assert success and found == dict.fromkeys(CHECKS, True) and not told
    assert audit_file(audited_home).stat().st_mtime_ns == written


def damaged_database(home: Home, question: Question) -> None:
    """A laboratory result of next year is stored as one of last year."""
    path = database_path(home.layout.patient_databases("text"), question.subject_id)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "INSERT INTO labevents (labevent_id, subject_id, specimen_id, itemid, charttime, storetime) "
            "VALUES (1, ?, 1, 1, '1900-01-01 00:00:00', '1900-01-01 00:00:00')",
            (question.subject_id,),
        )


def lost_row(home: Home, question: Question) -> None:
    """What should be seen is not there."""
    path = database_path(home.layout.patient_databases("text"), question.subject_id)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DELETE FROM patients")


def chatty_context(home: Home, question: Question) -> None:
    """A strict context tells one value more than was known."""
    path = strict_path_of(home, question.task)
    frame = pandas.read_parquet(path)
    frame["context"] = frame["context"] + "\n- Discharge_Location: DIED"
    frame.to_parquet(path)
    receipt = home.receipts.read(STRICT, question.task)
    home.receipts.write(STRICT, question.task, replace(receipt, content=of_file(path)))


@pytest.mark.parametrize(
    ("damage", "failing"),
    [
        (damaged_database, {"nothing_later", "compat_as_published"}),
        pytest.param(lost_row, {"nothing_later", "compat_as_published"}, marks=pytest.mark.slow),
        pytest.param(chatty_context, {"contexts"}, marks=pytest.mark.slow),
    ],
)
def test_what_is_damaged_fails_its_checks_and_is_not_up_to_date(
    home: Home, damage: Callable[[Home, Question], None], failing: set[str]
):
    damage(home, next(question for name in FEW for question in home.questions(name)))
    _, found, _ = materialized(home)
    assert {name for name, passed in found.items() if not passed} == failing
    assert home.receipts.read("leak_audit") is None


@pytest.mark.slow
def test_an_audit_without_strict_contexts_looks_at_the_rest(home):
    shutil.rmtree(home.layout.assets / "receipts" / STRICT)
    assert contexts_of(home) is None
    success, found, _ = materialized(home)
    assert success and all(found.values())


def test_small_figures_are_shown_of_open_data_only():
    assert fewest_patients("open") == 1
    assert fewest_patients("credentialed") == 11


def test_the_many_questions_are_balanced_and_reproducible(home):
    dictionaries = Dictionaries.load(home.layout.reference_tables)
    cases = draw_risk_cases(home.tables(), dictionaries, per_subtask=6, seed=1)
    assert cases == draw_risk_cases(home.tables(), dictionaries, per_subtask=6, seed=1)
    by_subtask: dict[str, list[tuple[str, ...]]] = {}
    for case in cases:
        by_subtask.setdefault(case.pin.subtask, []).append(case.gold)
    assert by_subtask
    for golds in by_subtask.values():
        assert len(golds) <= 6 and golds.count(("yes",)) in (golds.count(("no",)), golds.count(("no",)) - 1)


def test_no_question_is_no_work():
    assert examine([], Sources({}, Path("nowhere"), Path("nowhere"))) == []


def pool_of(root: Path, work: Path, atc_classes: Path | None = None) -> Pool:
    """The rows of all patients of a MIMIC-IV root, and their databases."""
    roots = {module: root / module for module in MODULES if (root / module).is_dir()}
    pool = extract_pool(roots, work, most_patients=1_000_000, seed=1, atc_classes=atc_classes)
    build_patient_databases(pool.tables, patients_of(pool.tables), work / "databases")
    return pool


def audited(pool: Pool, manifest: Path, work: Path) -> Audit:
    """The audit of a manifest, without the graph."""
    return run_audit(read_manifest(manifest), Sources(pool.tables, work / "databases", pool.reference_db))


def failures(audit: Audit) -> list[tuple[str, tuple[str, ...]]]:
    return [(verdict.check, verdict.failures) for verdict in audit.verdicts if not verdict.passed]


@pytest.mark.slow
def test_a_small_release_passes(tmp_path):
    release = make_release(profile_named("small"), tmp_path / "made", seed=11)
    sources = release.root / "sources"
    pool = pool_of(sources / "mimic_iv", tmp_path / "work", sources / "atc_classes.csv")
    audit = audited(pool, release.manifest, tmp_path / "work")
    assert failures(audit) == []
    assert len(audit.figures.by_subtask) == 45
    assert sum(subtask.hidden_rows for subtask in audit.figures.by_subtask.values()) > 10_000


@pytest.mark.slow
def test_the_open_demo_passes_and_compat_gives_labels_away(tmp_path):
    root = os.environ.get("MIMIC_DEMO_ROOT")
    if not root:
        pytest.skip("MIMIC_DEMO_ROOT names no copy of the open demo")
    pool = pool_of(Path(root), tmp_path / "work")
    built = build_manifest(pool.tables, pool.reference_db, per_subtask=20, seed=5)
    manifest = write_manifest(built, tmp_path / "text" / "manifest.json")[0]
    audit = audited(pool, manifest, tmp_path / "work")
    assert failures(audit) == []
    mortality = audit.figures.by_subtask["Inpatient_Mortality"].label_probe_on_many
    assert mortality["compat"].of_all.auroc > 0.9 > mortality["strict"].undecided.auroc
