"""The manners that all assets share, on the real graph: faults without rows, and nothing lost when a run is killed."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pandas
import pytest

from clinseek_assets.assets import arms
from clinseek_assets.assets.artifact import Explanation, Made, artifact
from clinseek_assets.faults import Fault
from clinseek_assets.partitions import cell
from clinseek_assets.synthetic.canaries import CANARY_PATTERN
from clinseek_assets_tests.conftest import FEW, Graph, open_graph, settings_over

PREDICTIONS = "text_curated_predictions"
CURATED = arms.ARMS_OF["text"]["curated"]


def asset_that(raises: BaseException, output: Path):
    """An artifact whose making ends with an error."""

    @artifact(
        Explanation("made_for_a_test", "manifests", frozenset({"python"}), ("team:data",), code="1"),
        inputs=lambda home: [],
        output=lambda home: output,
    )
    def made_for_a_test(home, progress) -> Made:
        """Something that cannot be made."""
        raise raises

    return made_for_a_test


def failure_of(graph: Graph, raises: BaseException) -> str:
    """The whole failure as the event log keeps it."""
    made = asset_that(raises, graph.settings.home / "nothing")
    result = dg.materialize(
        [made.definition],
        instance=graph.instance,
        resources={"home": graph.location.home, "progress": lambda *_: None},
        raise_on_error=False,
    )
    assert not result.success
    return str([entry.to_json() for entry in graph.instance.all_logs(result.run_id)])


def test_a_fault_is_shown_with_its_text_and_nothing_behind_it(finished: Graph):
    try:
        raise ValueError("subject 10000032 has glucose 999")
    except ValueError:
        fault = Fault("Line 7 of labevents.csv is cut.", mend="Download it again.")
    shown = failure_of(finished, fault)
    assert "Line 7 of labevents.csv is cut." in shown
    assert "Download it again." in shown
    assert "10000032" not in shown


def test_the_text_of_any_other_error_is_withheld(finished: Graph):
    shown = failure_of(finished, ValueError("Could not convert string '10000032,glucose,999' to INT64"))
    assert "ValueError" in shown
    assert "10000032" not in shown
    assert "test_manners" not in shown or "Could not convert" not in shown


def counted_arm(asked: list[str], stop_at: int | None = None) -> arms.Arm:
    """The curated arm, which tells what it was asked and, on request, dies in the middle."""

    def answer(home, asking):
        if len(asked) == stop_at:
            raise KeyboardInterrupt
        asked.append(asking.subtask)
        return CURATED.answer(home, asking)

    return replace(CURATED, answer=answer)


def put(monkeypatch, changed: arms.Arm) -> None:
    """Let the graph have an arm in place of its namesake."""
    monkeypatch.setitem(arms.ARMS_OF[changed.split.name], changed.name, changed)


def test_a_run_that_is_killed_in_a_range_keeps_what_was_finished(finished: Graph, monkeypatch):
    shutil.rmtree(finished.settings.home / "assets" / "receipts" / PREDICTIONS)
    finished.instance.wipe_assets([dg.AssetKey(PREDICTIONS)])

    asked: list[str] = []
    killed = counted_arm(asked, stop_at=5)
    put(monkeypatch, killed)
    with pytest.raises((Fault, KeyboardInterrupt, dg.DagsterExecutionInterruptedError)):
        finished.bring_up_to_date({"evidence_counts"}, until="predictions")
    recorded = finished.instance.get_materialized_partitions(dg.AssetKey(PREDICTIONS))
    assert {cell(key)[1] for key in recorded} == set(FEW[:5])

    asked_again: list[str] = []
    put(monkeypatch, counted_arm(asked_again))
    finished.bring_up_to_date({"evidence_counts"}, until="predictions")
    assert asked_again == list(FEW[5:])


def test_an_endpoint_that_was_down_is_asked_again_next_time(finished: Graph, monkeypatch):
    shutil.rmtree(finished.settings.home / "assets" / "receipts" / PREDICTIONS)

    def down(home, asking):
        return CURATED.answer(home, asking).assign(outcome="endpoint_failed", answer=[[]] * len(asking.questions))

    put(monkeypatch, replace(CURATED, answer=down))
    finished.bring_up_to_date({"evidence_counts"}, {"labevents"}, until="predictions")
    monkeypatch.undo()
    again = finished.bring_up_to_date({"evidence_counts"}, {"labevents"}, until="predictions")
    assert dg.AssetKey(PREDICTIONS) in again.worked
    assert finished.bring_up_to_date({"evidence_counts"}, {"labevents"}, until="predictions").worked == set()


def texts_of(folder: Path) -> str:
    """Everything that the instance stores, as text."""
    found = []
    for path in folder.rglob("*"):
        if path.suffix == ".db":
            database = sqlite3.connect(path)
            found += list(database.iterdump())
        elif path.is_file():
            found.append(path.read_bytes().decode("utf-8", "replace"))
    return "\n".join(found)


def ids_in(text: str, ids: set[str]) -> set[str]:
    """The ids that stand in a text as words of their own; digits inside a hash are none."""
    return {word for word in re.findall(r"(?<![0-9a-zA-Z])\d{6,}(?![0-9a-zA-Z])", text) if word in ids}


def test_the_event_store_holds_no_patient_and_no_note(finished: Graph, tiny_release: Path):
    rows = json.loads((tiny_release / "release" / "text" / "ClinSeek-Bench_text.json").read_text())
    patients = {str(row["subject_id"]) for row in rows}
    stored = texts_of(finished.settings.layout.dagster_home)
    assert "text_manifest" in stored and len(stored) > 100_000
    assert not CANARY_PATTERN.search(stored)
    assert not ids_in(stored, patients)
    assert not [row["qid"] for row in rows if row["qid"] in stored]
    # The control: what was put there is found.
    (control,) = list(patients)[:1]
    finished.instance.add_run_tags(next(iter(finished.instance.get_runs(limit=1))).run_id, {"control": f"({control})"})
    assert ids_in(texts_of(finished.settings.layout.dagster_home), patients) == {control}
    assert CANARY_PATTERN.search("x CANARY-0123456789abcdef y")


def tables_of(folder: Path) -> str:
    """Every Parquet file below a folder, as text."""
    return "\n".join(pandas.read_parquet(path).to_csv() for path in sorted(folder.rglob("*.parquet")))


def test_reports_and_tables_hold_no_patient_and_no_note(finished: Graph, tiny_release: Path):
    rows = json.loads((tiny_release / "release" / "text" / "ClinSeek-Bench_text.json").read_text())
    patients = {str(row["subject_id"]) for row in rows}
    layout = finished.settings.layout
    told = texts_of(layout.reports) + tables_of(layout.mart("any").parent)
    assert "leak_audit" in {path.stem for path in layout.reports.iterdir()} and "evidence_counts" in told
    assert not CANARY_PATTERN.search(told)
    assert not ids_in(told, patients)
    assert not [row["qid"] for row in rows if row["qid"] in told]
    # The control: what stays private holds them.
    private = tables_of(layout.assets / "predictions") + tables_of(layout.assets / "contexts")
    assert ids_in(private, patients) and CANARY_PATTERN.search(private)


def test_a_release_that_does_not_count_up_stops_everything_after_it(copied_release: Path, tmp_path: Path):
    counts = copied_release / "release" / "expected_counts.json"
    expected = json.loads(counts.read_text())
    expected["text"]["rows"] += 1
    counts.write_text(json.dumps(expected))
    with open_graph(settings_over(copied_release, tmp_path / "home")) as graph:
        with pytest.raises(Fault, match="released_counts"):
            graph.bring_up_to_date()
        # Nobody takes it for up to date: the next run stops there as well.
        with pytest.raises(Fault, match="released_counts"):
            graph.bring_up_to_date()
        assert not graph.instance.get_latest_materialization_event(dg.AssetKey(["mimic_iv", "hosp", "patients"]))


def test_a_damaged_table_is_named_and_the_others_go_on(copied_release: Path, tmp_path: Path):
    damaged = copied_release / "sources" / "mimic_iv" / "hosp" / "labevents.csv.gz"
    damaged.write_bytes(damaged.read_bytes()[:-200])
    settings = settings_over(copied_release, tmp_path / "home")
    with open_graph(settings) as graph, pytest.raises(Fault, match="labevents"):
        graph.bring_up_to_date()
    tables = settings.layout.assets / "source_tables" / "mimic_iv"
    assert (tables / "hosp" / "patients.parquet").is_file()
    assert (tables / "icu" / "chartevents.parquet").is_file()
    assert not list((tables / "hosp").glob("*labevents*"))
