"""The report as the graph makes it: aggregates only, on the page, in its pictures and on the asset's page."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from clinseek_assets.assets import reports
from clinseek_assets.partitions import grid_key
from clinseek_assets.resources.home import Home
from clinseek_assets.synthetic.canaries import CANARY_PATTERN
from clinseek_assets_tests.assets.test_manners import ids_in
from clinseek_assets_tests.conftest import FEW, Graph

A_PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")


@pytest.fixture(scope="module")
def rows(tiny_release: Path) -> list[dict]:
    return json.loads((tiny_release / "release" / "text" / "ClinSeek-Bench_text.json").read_text())


def told_in(text: str, rows: list[dict]) -> set[str]:
    """What a text tells of questions, patients and notes."""
    patients = ids_in(text, {str(row["subject_id"]) for row in rows})
    questions = {row["qid"] for row in rows if row["qid"] in text}
    asked = {asked for row in rows if (asked := row["instruction"]) and asked in text}
    return patients | questions | asked | set(CANARY_PATTERN.findall(text))


def test_neither_the_page_nor_its_pictures_tell_of_a_patient(finished_home: Path, rows: list[dict]):
    page = (finished_home / "assets" / "reports" / "leaderboard.html").read_text()
    receipt = (finished_home / "assets" / "receipts" / "leaderboard_report.json").read_text()
    pictures = [base64.b64decode(found) for found in A_PICTURE.findall(receipt)]
    assert page.count("<svg") == len(pictures) > 5
    for text in (page, receipt, *(picture.decode("latin-1") for picture in pictures)):
        assert told_in(text, rows) == set()
    assert all(picture.startswith(b"\x89PNG") and b"tEXt" not in picture for picture in pictures)
    # The control: each kind is found where it stands.
    row, canary = rows[0], "CANARY-0123456789abcdef"
    told = {str(row["subject_id"]), row["qid"], row["instruction"], canary}
    assert told <= told_in(f"{page} {' '.join(told)}", rows)


def test_a_section_s_plots_stand_on_the_asset_s_page(finished_home: Path):
    facts = json.loads((finished_home / "assets" / "receipts" / "leaderboard_report.json").read_text())["facts"]
    for shown in ("Seeking against curated", "By subtask", "What the strict policy hides", "Coverage"):
        assert f"text: {shown}" in facts
    assert "text leaderboard (strict)" in facts and "text: Cost against score" not in facts  # baselines cost nothing


def test_other_answers_or_another_class_of_data_make_the_report_stale(finished: Graph):
    home = Home.of(finished.settings)
    assert reports.leaderboard_report.current(home) is not None
    assert [reports.least(home, split) for split in ("text", "multimodal")] == [1, 1]
    cell = grid_key("evidence_counts", FEW[0])
    receipt = home.receipts.read("text_seeking_predictions", cell)
    assert receipt is not None
    home.receipts.write("text_seeking_predictions", cell, replace(receipt, content="others"))
    assert reports.leaderboard_report.current(home) is None
    home.receipts.write("text_seeking_predictions", cell, receipt)
    assert reports.leaderboard_report.current(home) is not None
    home.receipts.forget("text_manifest")  # nobody can say any more what the questions were made from
    assert reports.least(home, "text") == 11
    assert reports.leaderboard_report.current(home) is None
