"""What people read: the leaderboard as a page, and whether the release and what was built from it are whole."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import dagster as dg
import pandas

from clinseek_assets.assets.artifact import Explanation, Made, artifact, code_of
from clinseek_assets.assets.marts import FIGURES, LEADERBOARDS
from clinseek_assets.assets.scores import WHICHEVER_ARE_THERE
from clinseek_assets.assets.shown import aggregates
from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.benchmark.released_counts import expected_counts
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.checks import reports as checks
from clinseek_assets.release.manifests import SPLITS, manifest_checks
from clinseek_assets.release.scope import Scope
from clinseek_assets.release.validation import release_checks
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress
from clinseek_assets.scoring.leaderboard import (
    BOARDS,
    SETTINGS,
    Tables,
    coverage_of,
    figure_of,
    rank_of,
    read_tables,
    rows_of,
)
from clinseek_assets.scoring.leaderboard_page import MODES, coverage_plot, page
from clinseek_assets.storage.atomic import write_text
from clinseek_assets.storage.fingerprint import of_file

GROUP = "reports"


def report_file(home: Home) -> Path:
    """The leaderboard's page."""
    return home.layout.reports / "leaderboard.html"


@artifact(
    Explanation(
        name="leaderboard_report",
        group=GROUP,
        kinds=frozenset({"html"}),
        owners=("team:evaluation",),
        code=code_of("assets/reports.py", "scoring/leaderboard.py", "scoring/leaderboard_page.py"),
        deps=(*LEADERBOARDS.values(), *FIGURES.values()),
        condition=WHICHEVER_ARE_THERE,
    ),
    inputs=lambda home: [home.receipts.content(mart) for mart in (*LEADERBOARDS.values(), *FIGURES.values())],
    output=report_file,
    ready=lambda home: home.layout.mart(LEADERBOARDS["text"]).is_file(),
)
def leaderboard_report(home: Home, progress: Progress) -> Made:
    """The leaderboards of both splits as one self-contained page: published layouts, with intervals and coverage."""
    tables = [read_tables(home.layout, board) for board in BOARDS.values()]
    release = expected_counts(home.settings.release_root).release
    write_text(report_file(home), page(tables, release))
    shown: dict[str, object] = {"path": dg.MetadataValue.path(str(report_file(home)))}
    for split in (each for each in tables if not each.figures.empty):
        name = split.board.split
        plot = base64.b64encode(coverage_plot(split)).decode("ascii")
        shown |= {
            **{f"{name} leaderboard ({mode})": aggregates(as_shown(split, mode)) for mode in MODES},
            f"{name} coverage": dg.MetadataValue.md(f"![coverage](data:image/png;base64,{plot})"),
        }
    return Made(of_file(report_file(home)), shown)


def as_shown(tables: Tables, mode: str) -> pandas.DataFrame:
    """One mode's rows with the figures as texts, in percentage points."""
    return pandas.DataFrame(
        [
            {
                "policy of time": row["policy"],
                "rank": rank_of(row),
                "model": row["model"],
                **{
                    f"{name} {setting}": figure_of(row, name, setting)
                    for name in tables.board.wide.values()
                    for setting in SETTINGS
                },
                "coverage": coverage_of(row),
            }
            for row in rows_of(tables.leaderboard, mode)
        ]
    )


def validation_file(home: Home) -> Path:
    """What was held against the release's counts, as JSON."""
    return home.layout.reports / "release_validation.json"


# What is held against the release's counts: whole artifacts, and those made subtask by subtask or group by group.
VALIDATED = (
    *("text_manifest", "text_patient_databases", "reference_tables", "candidate_tables", "table_descriptions"),
    *("multimodal_manifest", "ehrxqa_patient_databases", "medmod_patient_databases"),
)
VALIDATED_IN_PARTS = {
    **dict.fromkeys(("text_contexts", "text_strict_contexts"), tuple(SUBTASKS)),
    **dict.fromkeys(
        ("multimodal_contexts", "multimodal_strict_contexts", "image_links", "report_links"), tuple(GROUPS)
    ),
}


# Splits, and what was made of one whose artifacts are looked at; of another only the manifest is.
STARTED = {
    "text": ("text_patient_databases",),
    "multimodal": ("ehrxqa_patient_databases", "medmod_patient_databases"),
}


def partly(home: Home) -> Callable[[str, str], bool]:
    """Which partitions must be there: those that were made, since a home may be asked about a few subtasks only."""
    return lambda artifact, partition: home.receipts.read(artifact, partition) is not None


def validation_inputs(home: Home) -> list[str]:
    """The content of all that is validated."""
    return [
        *(home.receipts.content(name) for name in VALIDATED),
        *(home.receipts.content(name, part) for name, parts in VALIDATED_IN_PARTS.items() for part in parts),
    ]


@artifact(
    Explanation(
        name="release_validation",
        group=GROUP,
        kinds=frozenset({"json"}),
        owners=("team:benchmark",),
        code=code_of("release", "benchmark", "assets/reports.py"),
        deps=(*VALIDATED, *VALIDATED_IN_PARTS),
    ),
    inputs=validation_inputs,
    output=validation_file,
    checks=checks.of_release_validation,
    check_specs=checks.SPECS,
)
def release_validation(home: Home, progress: Progress) -> Made:
    """Every released count, and everything linked that was made so far, held against what must be there.

    As `clinseek validate`, which also tells what was not made yet.
    """
    started = [split for split, assets in STARTED.items() if all(map(home.receipts.read, assets))]
    found = manifest_checks(home.settings, [split for split in SPLITS if split not in started])
    found += release_checks(Scope(home.settings, progress, made=partly(home)), started)
    report = {"ok": all(check.ok for check in found), "checks": [asdict(check) for check in found]}
    write_text(validation_file(home), json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    return Made(
        of_file(validation_file(home)),
        {
            "path": dg.MetadataValue.path(str(validation_file(home))),
            "checks": len(found),
            "failed": sum(not check.ok for check in found),
        },
    )
