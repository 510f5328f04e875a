"""The parts of a home: every file that the graph and the commands write belongs to the right one."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from clinseek_assets.locations.home_parts import PARTS, Nature, disk_use, files_below, part_of
from clinseek_assets.locations.layout import Layout

HOME = Path("/a/home")
LAYOUT = Layout(HOME)
ONE = ("text", "curated", "maker/model", "labevents")
PLACES = {
    LAYOUT.release / "text" / "m.json": "release",
    LAYOUT.sources / "mimic_iv" / "hosp" / "labevents.csv.gz": "sources",
    LAYOUT.manifests / "text_manifest.parquet": "manifests",
    LAYOUT.source_table("hosp", "labevents"): "source tables",
    LAYOUT.patient_databases("text") / "patient_1.db": "patient databases",
    LAYOUT.reference_tables: "patient databases",
    LAYOUT.contexts("text", "curated", "labevents"): "contexts",
    LAYOUT.links("image_links", "finding_presence"): "image links",
    LAYOUT.predictions(*ONE): "answers",
    LAYOUT.journal(*ONE[:3]): "journals",
    LAYOUT.journal(*ONE[:3]).with_name("journal.sqlite-wal"): "journals",
    LAYOUT.runs(*ONE[:3]): "journals",
    LAYOUT.ledger: "ledger",
    LAYOUT.assets / "predictions" / "analysis_plan.json": "analysis plan",
    LAYOUT.leases / "0123" / "slot-0": "leases",
    LAYOUT.judging / "calls.sqlite": "judging",
    LAYOUT.scores(*ONE): "scores",
    LAYOUT.rescorings(*ONE): "rescorings",
    LAYOUT.mart("coverage"): "marts",
    LAYOUT.reports / "leaderboard.html": "reports",
    LAYOUT.assets / "receipts" / "text_contexts" / "labevents.json": "receipts",
    LAYOUT.thumbnails / "a.png": "thumbnails",
    LAYOUT.prepared_images / "a.jpg": "prepared images",
    LAYOUT.browsing / "search.sqlite": "searches",
    LAYOUT.browsing / "0123.sqlite": "corpus index",
    LAYOUT.image_tools / "image_tools.sqlite": "image tools",
    LAYOUT.manifest_work / "0123" / "labevents.parquet": "manifest work",
    LAYOUT.dagster_home / "history" / "runs" / "index.db": "event store",
    LAYOUT.dbt_target / "manifest.json": "dbt",
    LAYOUT.warehouse: "warehouse",
    LAYOUT.warehouse.with_name("warehouse.duckdb.wal"): "warehouse",
    HOME / "demo_llm" / "assets" / "predictions" / "ledger.sqlite": "demo-llm",
    HOME / ".synthesizing-0123" / "sources" / "d.csv": "under way",
    LAYOUT.source_table("hosp", "x").with_name(".scratch-x") / "in_file_order.parquet": "under way",
    LAYOUT.contexts("text", "curated", "x").with_name(".unfinished-0123-x.parquet"): "under way",
    HOME / ".at-work": "locks",
    LAYOUT.dagster_home / ".served": "locks",
    LAYOUT.journal(*ONE[:3]).with_name(".turn-labevents"): "locks",
    HOME / "my notes.txt": "other",
}


@pytest.mark.parametrize(("path", "part"), PLACES.items(), ids=lambda value: str(value).removeprefix("/a/home/"))
def test_every_file_belongs_to_its_part(path: Path, part: str):
    assert part_of(HOME, path).name == part


def test_a_finished_home_has_no_file_that_is_not_known(finished_home: Path):
    found = disk_use(finished_home)
    assert {part.name for part in found} >= {"source tables", "answers", "journals", "scores", "marts", "event store"}
    assert "other" not in {part.name for part in found}, [
        path.relative_to(finished_home)
        for path, _ in files_below(finished_home)
        if part_of(finished_home, path).name == "other"
    ]
    assert sum(use.files for use in found.values()) == sum(1 for path in finished_home.rglob("*") if path.is_file())


def test_sizes_are_what_the_disk_has_and_links_are_not_followed(tmp_path: Path):
    large = tmp_path / "outside"
    large.write_bytes(os.urandom(1 << 20))
    home = tmp_path / "home"
    (home / "thumbnails").mkdir(parents=True)
    (home / "thumbnails" / "a.png").write_bytes(os.urandom(100_000))
    (home / "thumbnails" / "link").symlink_to(large)
    (home / "thumbnails" / "folder").symlink_to(tmp_path)
    ((part, use),) = disk_use(home).items()
    assert part.name == "thumbnails"
    assert use.files == 2 and 100_000 <= use.size < 200_000  # a link to a folder is a folder to os.walk


def test_what_is_paid_for_or_a_source_is_named_as_such():
    natures = {part.name: part.nature for part in PARTS}
    assert {name for name, nature in natures.items() if nature is Nature.SOURCE} == {"release", "sources"}
    paid = {name for name, nature in natures.items() if nature is Nature.PAID}
    assert paid == {"journals", "ledger", "judging", "searches", "image tools"}
    assert PARTS[-1].has(PurePosixPath("anything"))
