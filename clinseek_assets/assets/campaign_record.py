"""The campaign record: what a paper's methods section needs, beside the report that it belongs to."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from clinseek_assets.assets.arms import ARMS_OF
from clinseek_assets.assets.artifact import Explanation, Made, artifact, code_of
from clinseek_assets.assets.marts import FIGURES, LEADERBOARDS, ONCE_ITS_MARTS_ARE_THERE
from clinseek_assets.assets.scores import model_scores_of
from clinseek_assets.assets.splits import SPLITS
from clinseek_assets.campaign.analysis_plan import fixed_plan, plan_file
from clinseek_assets.campaign.sources import seal_file
from clinseek_assets.campaign.writing import JSON, MARKDOWN, write_campaign
from clinseek_assets.checks.leak_audit import fewest_patients
from clinseek_assets.models.ledger import Ledger
from clinseek_assets.models.ledger_figures import attempts
from clinseek_assets.partitions import grid_key
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress
from clinseek_assets.scoring.leaderboard import DELTAS
from clinseek_assets.storage.fingerprint import of_file, of_parts, of_value

NAME = "campaign_record"
MARTS = (*LEADERBOARDS.values(), *FIGURES.values(), DELTAS)


def campaign_folder(home: Home) -> Path:
    """Where the graph keeps the record and the tables."""
    return home.layout.reports / "campaign"


def write_record(home: Home, folder: Path, sealed: Path | None = None) -> dict[str, object]:
    """Write the record and the tables of a home, small cells of credentialed data left out; returns the record.

    `sealed` is the benchmark's seal where it does not lie among the home's reports.
    """
    return write_campaign(home, folder, lambda split: fewest_patients(home.class_of(split)), sealed)


def inputs(home: Home) -> list[str]:
    """The figures, the answers' scores, the registry, the calls, the plan and the seal."""
    fixed_plan(home)  # another machine may have fixed it
    if home.rows is not None:
        with Ledger(home.layout.ledger, shared=home.rows):
            pass  # it takes over what other machines have called
    written = [path for path in (plan_file(home), seal_file(home)) if path and path.is_file()]
    return [
        *(home.receipts.content(mart) for mart in MARTS),
        *(home.receipts.content(model_scores_of(split), model) for split in SPLITS for model in home.models),
        of_value(home.registry.model_dump(mode="json")),
        of_value([repr(each) for each in attempts(home.layout.ledger).items()]),
        *(of_file(path) for path in written),
    ]


@artifact(
    Explanation(
        name=NAME,
        group="reports",
        kinds=frozenset({"markdown", "json"}),
        owners=("team:evaluation",),
        code=code_of("campaign", "models/ledger_figures.py", "scoring/leaderboard.py", "assets/campaign_record.py"),
        deps=MARTS,
        condition=ONCE_ITS_MARTS_ARE_THERE,
    ),
    inputs=inputs,
    output=lambda home: campaign_folder(home) / JSON,
    files=campaign_folder,
    ready=lambda home: home.artifacts.there(LEADERBOARDS["text"], None, home.layout.mart(LEADERBOARDS["text"])),
)
def campaign_record(home: Home, progress: Progress) -> Made:
    """What a methods section needs: versions, hashes, models, outcomes, cost, the plan that was fixed; and tables.

    Aggregates only; figures of few patients of credentialed data are left out.
    """
    home.artifacts.bring(
        (arm.predictions, grid_key(model, subtask))
        for split in SPLITS.values()
        for arm in ARMS_OF[split.name].values()
        for model in home.models
        for subtask in split.subtasks
    )
    folder = campaign_folder(home)
    record = write_record(home, folder)
    files = sorted(path for path in folder.iterdir() if path.suffix in (".json", ".md", ".tex", ".csv"))
    plan = record["plan"]
    return Made(
        of_parts(of_file(path) for path in files),
        {
            "path": dg.MetadataValue.path(str(folder / MARKDOWN)),
            "files": len(files),
            "models": len(home.models),
            "plan holds": str(plan["held"]) if isinstance(plan, dict) else "unknown",
        },
    )
