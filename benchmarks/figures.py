"""The figures that docs/ quotes: `docs/figures.json`, a section a measurement, and the page that is made of it.

Nobody writes the page by hand: `python -m benchmarks.figures` makes it, and a test holds it against the file.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from clinseek_assets.storage.atomic import write_text

DOCS = Path(__file__).parent.parent / "docs"
FILE = DOCS / "figures.json"
PAGE = DOCS / "figures.md"
TOLD_VERSIONS = ("clinseek-assets", "dagster", "duckdb", "polars", "pyarrow", "numpy", "isal")

Figures = Mapping[str, Any]


def machine() -> dict[str, Any]:
    """What a figure depends on beside the code; nothing by which the machine could be known again."""
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in TOLD_VERSIONS},
        "load_before": round(os.getloadavg()[0], 1),
    }


def read_figures(path: Path = FILE) -> dict[str, Any]:
    """All sections; none where there is no file yet."""
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def write_section(name: str, figures: Figures, path: Path = FILE) -> None:
    """Replace one section of the file, and make the page anew beside it, out of the file: both have one order."""
    sections = {**read_figures(path), name: dict(figures)}
    write_text(path, json.dumps(sections, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    write_text(path.with_suffix(".md"), page(read_figures(path)))
    for written in (path, path.with_suffix(".md")):
        written.chmod(0o644)  # these are for the repository


def page(sections: Figures) -> str:
    """The page, in Markdown: what was measured, and nothing else."""
    parts = ["# Figures", INTRODUCTION]
    if full := sections.get("full"):
        parts += _full(full)
    if extraction := sections.get("extraction"):
        parts += _extraction(extraction)
    return "\n\n".join(parts) + "\n"


INTRODUCTION = (
    "Made by the runs themselves from `figures.json` beside this page; do not edit. Other work on the machine shows\n"
    "in the seconds; processor time and ratios suffer less. Memory is the largest sum over a process and its children."
)


def _full(full: Figures) -> list[str]:
    steps = [
        (_in_goes(step), _seconds(step["seconds"]), _seconds(step["processor_seconds"]), f"{step['peak_mb']:,.0f} MB")
        for step in full["steps"]
    ]
    total = (
        "**all**",
        _seconds(full["seconds"]),
        _seconds(full["processor_seconds"]),
        f"{full['peak_mb']:,.0f} MB",
    )
    held = [
        (step["name"], check["what"], str(check["expected"]), str(check["found"]))
        for step in full["steps"]
        for check in step["checks"]
    ]
    parts = [
        "## The whole benchmark (`make full`)",
        "A synthetic release with exactly the released counts, from nothing to everything: both splits, all arms,\n"
        "every participant that needs no network. " + _on(full["machine"]),
        _table(("step", "wall time", "processor time", "peak memory"), [*steps, total]),
        "What each step was held against:",
        _table(("step", "what", "expected", "found"), held),
    ]
    for split, rows in full["leaderboards"].items():
        parts += [f"The {split} leaderboard that came out, `strict`, over all questions:", _board(rows)]
    return parts


def _in_goes(step: Figures) -> str:
    """The step's name; of one that was broken off, in how many goes it was done."""
    return step["name"] if step["goes"] == 1 else f"{step['name']} (in {step['goes']} goes)"


def _board(rows: list[dict[str, Any]]) -> str:
    arms = sorted({row["arm"] for row in rows})
    models = dict.fromkeys(row["model"] for row in rows)
    f1 = {(row["model"], row["arm"]): f"{100 * row['f1']:.1f}" for row in rows if row["f1"] is not None}
    return _table(("F1", *arms), [(model, *(f1.get((model, arm), "") for arm in arms)) for model in models])


def _extraction(case: Figures) -> list[str]:
    return [
        "## Extraction (`make bench`)",
        f"All {case['tables']} source tables of the synthetic release `{case['profile']}` at scale {case['scale']},\n"
        "the benchmark's patients kept, from gz files to typed Parquet, as many tables at a time as there are cores;\n"
        "held against decompressing the same files and doing nothing with the bytes. " + _on(case["machine"]),
        _table(
            ("figure", "value"),
            [
                ("rows read", f"{case['rows']:,}"),
                ("rows kept", f"{case['rows_kept']:,}"),
                ("gz files", f"{case['gz_bytes'] / 1e9:.2f} GB"),
                ("decompressed", f"{case['bytes'] / 1e9:.2f} GB"),
                ("wall time", _seconds(case["seconds"])),
                ("rows a second", f"{case['rows_a_second'] / 1e6:.2f} million"),
                ("rows a second of processor time", f"{case['rows_a_processor_second'] / 1e6:.2f} million"),
                (
                    "wall time / decompression by zlib, one file after the other",
                    f"{case['ratio_to_decompression']:.2f}",
                ),
                ("processor time / that of decompression by zlib", f"{case['processor_time_ratio']:.2f}"),
                ("peak memory", f"{case['peak_mb']:,.0f} MB"),
            ],
        ),
    ]


def _on(machine_facts: Figures) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in machine_facts["versions"].items())
    return (
        f"On {machine_facts['cores']} cores ({machine_facts['architecture']}, {machine_facts['memory_gb']} GB),\n"
        f"Python {machine_facts['python']}, {versions}; load before it {machine_facts['load_before']}."
    )


def _seconds(seconds: float) -> str:
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, ("---",) * len(header), *rows))


if __name__ == "__main__":
    write_text(PAGE, page(read_figures()))
    PAGE.chmod(0o644)
