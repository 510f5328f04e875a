"""The record and the tables as files of a folder, each whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clinseek_assets.campaign.markdown import markdown
from clinseek_assets.campaign.record import Fewest, campaign_record
from clinseek_assets.campaign.tables import MODES, deltas_in_csv, figures_in_csv, latex_tables
from clinseek_assets.resources.home import Home
from clinseek_assets.scoring.leaderboard import BOARDS, DELTAS, read_deltas, read_mart, read_tables
from clinseek_assets.storage.atomic import write_text

JSON, MARKDOWN = "campaign.json", "campaign.md"


def write_campaign(home: Home, folder: Path, fewest: Fewest, sealed: Path | None = None) -> dict[str, Any]:
    """Write `campaign.json`, `campaign.md` and the tables (`*.tex`, `*.csv`) into a folder; return the record.

    Files of the same names are replaced, other files are left alone.

    Args:
        home: the campaign's home.
        folder: made, with its parents, where it is missing.
        fewest: of how many patients a figure must at least be, by split.
        sealed: the seal of this benchmark, where it does not lie among the home's reports.

    Raises:
        ResultsFault: nothing was scored yet.
        Fault: what the record is made from is damaged.
    """
    tables = printed_tables(home, fewest)
    record = campaign_record(home, fewest, sealed)
    files = {JSON: json.dumps(record, indent=1, ensure_ascii=False) + "\n", MARKDOWN: markdown(record), **tables}
    for name, text in files.items():
        write_text(folder / name, text)
    return record


def printed_tables(home: Home, fewest: Fewest) -> Mapping[str, str]:
    """Name of a file -> a table of the splits in which models were run."""
    made: dict[str, str] = {}
    for split, board in BOARDS.items():
        tables = read_tables(home.layout, board)
        if tables.figures.empty:
            continue
        deltas = {mode: read_deltas(home.layout, board, mode) for mode in MODES}
        made |= latex_tables(tables, deltas, fewest(split))
        made[f"{split}_figures.csv"] = figures_in_csv(tables.figures, fewest(split))
        made[f"{split}_{DELTAS}.csv"] = deltas_in_csv(read_mart(home.layout, DELTAS), split, fewest(split))
    return made
