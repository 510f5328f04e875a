"""What people read: the leaderboard as a page, and whether the release and what was built from it are whole."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import dagster as dg
import pandas

from clinseek_assets.assets import leak_audit, multimodal_leak_audit
from clinseek_assets.assets.arms import ARMS_OF
from clinseek_assets.assets.artifact import Explanation, Made, artifact, code_of
from clinseek_assets.assets.kept_class import kept_class
from clinseek_assets.assets.marts import FIGURES, LEADERBOARDS, ONCE_ITS_MARTS_ARE_THERE
from clinseek_assets.assets.scores import intervals_of
from clinseek_assets.assets.shown import aggregates
from clinseek_assets.assets.splits import SPLITS as BOTH
from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.benchmark.released_counts import expected_counts
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.checks import reports as checks
from clinseek_assets.checks.leak_audit import fewest_patients
from clinseek_assets.partitions import grid_key
from clinseek_assets.release.manifests import SPLITS, manifest_checks
from clinseek_assets.release.scope import Scope
from clinseek_assets.release.validation import release_checks
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress
from clinseek_assets.scoring.leaderboard import (
    BOARDS,
    DELTAS,
    SETTINGS,
    coverage_of,
    figure_of,
    rank_of,
    rows_of,
)
from clinseek_assets.scoring.report.leaderboard_tables import MODES
from clinseek_assets.scoring.report.material import Material, read_material
from clinseek_assets.scoring.report.page import draw, page
from clinseek_assets.scoring.report.plots.drawing import Plot
from clinseek_assets.scoring.report.sections import SECTIONS
from clinseek_assets.storage.atomic import write_text
from clinseek_assets.storage.fingerprint import of_file

GROUP = "reports"
MARTS = (*LEADERBOARDS.values(), *FIGURES.values(), DELTAS, "subtask_scores", "published_comparison")
AUDITS = tuple(audit.name for audit in (*leak_audit.ARTIFACTS, *multimodal_leak_audit.ARTIFACTS))


def report_file(home: Home) -> Path:
    """The leaderboard's page."""
    return home.layout.reports / "leaderboard.html"


def least(home: Home, split: str) -> int:
    """How many patients a figure of a split must at least be of to stand in the report."""
    scored = home.receipts.read(intervals_of(split)) is not None
    return fewest_patients(kept_class(home, BOTH[split])) if scored else 1


def report_inputs(home: Home) -> Iterator[str]:
    """The marts, the audits, the numbers of patients, who may be told, and the answers that outcomes are counted of."""
    yield from map(home.receipts.content, (*MARTS, *AUDITS))
    for split in BOTH.values():
        yield home.receipts.content(intervals_of(split.name))
        yield str(least(home, split.name))
        cells = [grid_key(model, subtask) for model in home.models for subtask in split.subtasks]
        for arm in ARMS_OF[split.name].values():
            yield from (home.receipts.content(arm.predictions, key) for key in cells)


@artifact(
    Explanation(
        name="leaderboard_report",
        group=GROUP,
        kinds=frozenset({"html"}),
        owners=("team:evaluation",),
        code=code_of("assets/reports.py", "scoring/leaderboard.py", "scoring/report"),
        deps=(*MARTS, *AUDITS),
        condition=ONCE_ITS_MARTS_ARE_THERE,
    ),
    inputs=lambda home: list(report_inputs(home)),
    output=report_file,
    ready=lambda home: home.artifacts.there(LEADERBOARDS["text"], None, home.layout.mart(LEADERBOARDS["text"])),
)
def leaderboard_report(home: Home, progress: Progress) -> Made:
    """The leaderboards of both splits and what is behind them as one self-contained page, with plots.

    Published layouts with intervals, the contrasts of the arms, scores by subtask, cost, outcomes, use of tools, what
    the policies of time hide, and coverage: aggregates only.
    """
    materials = [
        read_material(home.layout, board, home.intervals(split), least(home, split)) for split, board in BOARDS.items()
    ]
    drawn = {material.board.split: draw(material) for material in materials}
    release = expected_counts(home.settings.release_root).release
    write_text(report_file(home), page(materials, drawn, release))
    shown: dict[str, object] = {"path": dg.MetadataValue.path(str(report_file(home)))}
    for material in (each for each in materials if each.models):
        split = material.board.split
        shown |= {f"{split} leaderboard ({mode})": aggregates(as_shown(material, mode)) for mode in MODES}
        shown |= as_pictures(split, drawn[split])
    return Made(of_file(report_file(home)), shown)


def as_pictures(split: str, drawn: Mapping[str, Sequence[Plot]]) -> dict[str, object]:
    """The plots of each section of a split that has any, as pictures for the asset's page."""
    return {
        f"{split}: {section.title}": dg.MetadataValue.md("\n\n".join(map(as_picture, drawn[section.name])))
        for section in SECTIONS
        if drawn[section.name]
    }


def as_picture(plot: Plot) -> str:
    """One plot in Markdown."""
    return f"![{plot.title}](data:image/png;base64,{base64.b64encode(plot.png()).decode('ascii')})"


def as_shown(material: Material, mode: str) -> pandas.DataFrame:
    """One mode's rows with the figures as texts, in percentage points."""
    return pandas.DataFrame(
        [
            {
                "policy of time": row["policy"],
                "rank": rank_of(row),
                "model": row["model"],
                **{
                    f"{name} {setting}": figure_of(row, name, setting)
                    for name in material.board.wide.values()
                    for setting in SETTINGS
                },
                "coverage": coverage_of(row),
            }
            for row in rows_of(material.tables.leaderboard, mode)
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
