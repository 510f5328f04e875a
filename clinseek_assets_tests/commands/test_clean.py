"""`clinseek clean` as a user calls it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from clinseek_assets.build import build
from clinseek_assets.cli import clinseek
from clinseek_assets.faults import Fault
from clinseek_assets.locations.layout import Layout
from clinseek_assets.storage.working_here import working_here
from clinseek_assets.upkeep.findings import findings
from clinseek_assets.upkeep.removal import remove
from clinseek_assets_tests.commands.test_graph_commands import PROGRAM, environment
from clinseek_assets_tests.conftest import FEW, Graph, settings_over

LONG_AGO = time.time() - 2 * 3600
ONE_LEFT = "models:\n  - {name: evidence_counts, dialect: baseline, model_id: evidence_counts, enabled: true}\n"
GONE = "floor__always_no"


def call(graph: Graph, *arguments: str) -> Result:
    return CliRunner(env=environment(graph)).invoke(clinseek, ["clean", *arguments])


def told(graph: Graph, *arguments: str) -> dict[str, Any]:
    found = call(graph, "--json", *arguments)
    assert found.exit_code == 0, found.output
    report: dict[str, Any] = json.loads(found.stdout)
    report["of"] = {kind["name"]: kind for kind in report["removable"]}
    return report


def files_of(home: Path) -> set[str]:
    return {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}


@pytest.fixture
def without_a_model(finished: Graph, tmp_path: Path) -> Graph:
    """The finished home after one of the two models was taken out of the registry."""
    registry = tmp_path / "one_model.yaml"
    registry.write_text(ONE_LEFT)
    release = finished.settings.release_root.parent
    return Graph(settings_over(release, finished.settings.home, CLINSEEK_MODELS=str(registry)), finished.instance)


@pytest.mark.slow
def test_what_is_left_of_a_model_goes_on_request_and_its_journals_do_not(without_a_model: Graph):
    home = without_a_model.settings.home
    before = files_of(home)
    report = told(without_a_model)
    assert report["bytes"] == sum(part["bytes"] for part in report["parts"]) > 0
    assert files_of(home) - before <= {".at-work"}, "looking removes nothing, and adds nothing"
    assert report["of"]["orphans"]["files"] > 0 < report["of"]["orphaned-journals"]["files"]
    after = told(without_a_model, "--remove", "orphans")
    gone = before - files_of(home)
    assert after["removed"]["files"] == report["of"]["orphans"]["files"] == len(gone)
    assert {path.rpartition("/")[2] for path in gone if GONE not in path} == set(), "another model's file is gone"
    assert not [path for path in gone if "journal.sqlite" in path]
    assert after["of"]["orphans"]["files"] == 0
    assert list((home / "assets" / "predictions").glob(f"*/*/{GONE}/journal.sqlite"))


def test_what_was_paid_for_goes_only_by_its_name_and_after_a_yes(without_a_model: Graph):
    home = without_a_model.settings.home
    refused = call(without_a_model, "--remove", "orphaned-journals")
    assert refused.exit_code == 2 and "--yes" in refused.output and "paid for" in refused.output
    journals = {path for path in files_of(home) if path.endswith("journal.sqlite")}
    orphaned = {path for path in journals if GONE in path}
    with closing(sqlite3.connect(home / min(orphaned))) as database:  # a side file of a killed run's is there
        database.execute("PRAGMA journal_mode = WAL")
        assert call(without_a_model, "--remove", "orphaned-journals", "--yes").exit_code == 0
    left = {path for path in files_of(home) if "journal.sqlite" in path}
    assert left == journals - orphaned


def test_leftovers_go_once_nobody_can_be_at_them(finished: Graph):
    layout = Layout(finished.settings.home)
    old, young = (layout.manifests / f".unfinished-{name}-subtasks.parquet" for name in ("0123", "4567"))
    spilled = layout.source_table("hosp", "x").with_name(".scratch-x") / "spill" / "1.tmp"
    spilled.parent.mkdir(parents=True)
    for path in (old, young, spilled):
        path.write_bytes(b"half")
    for path in (old, spilled):
        os.utime(path, (LONG_AGO, LONG_AGO))
    report = told(finished, "--remove", "unfinished")
    assert report["removed"]["files"] == 2
    assert young.exists() and not old.exists() and not spilled.parents[1].exists()


@pytest.mark.slow
def test_not_while_a_run_is_at_work(finished: Graph):
    with working_here(finished.settings.home):
        refused = subprocess.run(
            [PROGRAM, "clean", "--remove", "dbt"],
            env={**os.environ, **environment(finished)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert refused.returncode == 1 and "a run is working on it" in refused.stderr and "Traceback" not in refused.stderr
    assert finished.settings.layout.dbt_target.is_dir()


def test_sources_and_what_lies_behind_a_link_stay(finished: Graph, tmp_path: Path):
    settings, layout = finished.settings, finished.settings.layout
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine.png").write_bytes(b"mine")
    layout.thumbnails.symlink_to(outside)
    layout.release.mkdir()
    (layout.release / ".unfinished-0123-m.json").write_bytes(b"{}")
    shutil.copytree(settings.mimic_roots["hosp"], layout.sources / "mimic_iv" / "hosp")
    manifest = layout.release / "text.json"
    manifest.write_text("[]")
    inputs = (outside / "mine.png", manifest, *(layout.sources / "mimic_iv" / "hosp").iterdir())
    assert remove(settings, [layout.thumbnails / "mine.png", *inputs], lambda *_: None) == []
    for path in inputs:
        assert path.exists()


def test_what_is_behind_is_made_again(finished: Graph, copied_release: Path):
    settings = settings_over(copied_release, finished.settings.home)
    layout, location = settings.layout, build(settings)
    assert not [each for each in findings(location.home, location.graph) if each.kind.name == "behind" and each.files]
    receipts = location.home.receipts
    changed = receipts.read("text_contexts", FEW[0])
    assert changed is not None
    receipts.write("text_contexts", FEW[0], type(changed)("other inputs", changed.content, True, changed.facts))
    report = told(Graph(settings, finished.instance), "--remove", "behind")
    assert report["removed"]["files"] == 2
    assert not layout.contexts("text", "curated", FEW[0]).exists() and receipts.read("text_contexts", FEW[0]) is None
    rebuilt = Graph(settings, finished.instance).bring_up_to_date(until="contexts")
    assert rebuilt.worked and receipts.content("text_contexts", FEW[0]) == changed.content


def test_a_kill_in_the_middle_leaves_a_part_and_the_next_call_goes_on(without_a_model: Graph):
    settings = without_a_model.settings
    location = build(settings)
    (found,) = [each for each in findings(location.home, location.graph) if each.kind.name == "orphans"]

    def killed(done: int, _: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remove(settings, found.files, killed)
    assert told(without_a_model, "--remove", "orphans")["removed"]["files"] == len(found.files) - 3


def test_wrong_usage(finished: Graph, tmp_path: Path):
    assert call(finished, "--remove", "sources").exit_code == 2
    missing = CliRunner(env={"CLINSEEK_HOME": str(tmp_path / "nowhere")}).invoke(clinseek, ["clean"])
    assert isinstance(missing.exception, Fault) and "is not there" in str(missing.exception)


def test_for_people(finished: Graph):
    shown = call(finished).output
    for word in ("takes", "journals", "paid for", "dbt", "--remove"):
        assert word in shown
    assert sys.executable not in shown
