"""The page of figures says what the file of figures has, and the file tells nothing of the machine's folders."""

import json
import re

import pytest

from benchmarks.figures import FILE, PAGE, page, read_figures, write_section

MACHINE = {
    "cores": 2,
    "memory_gb": 16,
    "architecture": "x86_64",
    "python": "3.11.9",
    "versions": {"polars": "2.1.0", "dagster": "1.13.27"},  # the file will have them in another order
    "load_before": 0.3,
}
CHECK = {"what": "text: rows", "expected": 1800, "found": 1800}
STEP = {
    "name": "validation",
    "goes": 1,
    "seconds": 75.25,
    "processor_seconds": 60.5,
    "peak_mb": 812.4,
    "checks": [CHECK],
}
ROW = {"model": "evidence_counts", "arm": "seeking", "column": "overall", "f1": 0.4567, "coverage": 1.0}
FULL = {
    "machine": MACHINE,
    "steps": [STEP],
    "seconds": 75.3,
    "processor_seconds": 60.5,
    "peak_mb": 812.4,
    "leaderboards": {"text": [ROW]},
}


def test_the_page_in_the_repository_is_made_of_the_file_beside_it():
    assert PAGE.read_text(encoding="utf-8") == page(read_figures())


def test_the_file_in_the_repository_has_no_path():
    assert not re.search(r"/(tmp|home|root|work|usr)\b", FILE.read_text(encoding="utf-8"))


def test_a_section_is_replaced_alone_and_the_page_follows(tmp_path):
    path = tmp_path / "figures.json"
    write_section("full", FULL, path)
    assert json.loads(path.read_text())["full"] == FULL
    text = path.with_suffix(".md").read_text()
    assert text == page(read_figures(path))
    assert "| validation | 1 min 15 s | 1 min 0 s | 812 MB |" in text
    assert "| validation | text: rows | 1800 | 1800 |" in text
    assert "| evidence_counts | 45.7 |" in text
    write_section("full", {**FULL, "seconds": 3.0}, path)
    assert "| **all** | 3.0 s |" in path.with_suffix(".md").read_text()


@pytest.mark.parametrize("sections", [{}, {"another": {}}])
def test_without_a_measurement_there_is_no_figure(sections):
    assert not re.search(r"\d", page(sections))
