"""A home of made-up marts, audits and predictions of any size: what a report is made of, without the graph."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
import pandas

from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.locations.layout import Layout
from clinseek_assets.scoring.leaderboard import ARM_OF, BOARDS, Board
from clinseek_assets.scoring.report.contrasts import CONTRASTS, OF_POLICY
from clinseek_assets.scoring.report.material import AUDITS, Material, read_material
from clinseek_assets.scoring.report.page import Drawn, draw, page
from clinseek_assets.storage.parquet import write_frame

ARMS = ("seeking", "curated_strict", "seeking_compat", "curated")
MODES = ("strict", "compat")
PATIENTS = 20
FLOOR = "floor/always_no"


@dataclass(frozen=True)
class Made:
    """A report and what it was made of."""

    materials: list[Material]
    drawn: dict[str, Drawn]
    html: str


def made_up_home(home: Path, models: int, subtasks: Sequence[str] = tuple(SUBTASKS), paired: bool = True) -> Layout:
    """A home with scores of so many models and a floor row, in all arms; the first model is a published one."""
    layout, chance = Layout(home), numpy.random.default_rng(7)
    names = ["Claude Opus 4.6", *(f"a-model-with-a-long-name-{number}-Instruct" for number in range(1, models)), FLOOR]
    parts = {"text": list(subtasks), "multimodal": list(GROUPS)}
    cells = pandas.concat([pandas.DataFrame(cells_of(split, parts[split], names, chance)) for split in BOARDS])
    for split, board in BOARDS.items():
        of_split = cells[cells["split"] == split].drop(columns="split")
        of_board = of_split[of_split["column"].isin(list(board.columns))]
        write_frame(layout.mart(board.figures), of_board)
        write_frame(layout.mart(board.leaderboard), leaderboard_of(board, of_board))
        write_frame(intervals(layout, split), of_split[["model", "arm", "mode", "column", "low", "high", "patients"]])
        write_predictions(layout, split, parts[split], names, chance)
        write_audit(layout, split, parts[split])
    of_parts = cells[cells["column"].isin({part for each in parts.values() for part in each})]
    write_frame(layout.mart("subtask_scores"), of_parts.rename(columns={"column": "subtask"}))
    write_frame(layout.mart("published_comparison"), compared(names[0]))
    if paired:
        write_frame(layout.mart("paired_deltas"), pandas.DataFrame(deltas_of(names)))
    return layout


def intervals(layout: Layout, split: str) -> Path:
    return layout.assets / "scores" / split / "intervals.parquet"


def cells_of(split: str, parts: list[str], names: list[str], chance: numpy.random.Generator) -> Iterator[dict]:
    columns = dict.fromkeys([*BOARDS[split].columns, *parts])
    for model in names:
        for arm in ARMS:
            for mode in MODES:
                for column in columns:
                    f1 = float(chance.uniform(0.2, 0.8))
                    yield {
                        **{"split": split, "model": model, "arm": arm, "mode": mode, "column": column, "f1": f1},
                        **{"low": f1 - 0.05, "high": f1 + 0.05, "coverage": 0.99, "patients": PATIENTS},
                    }


def leaderboard_of(board: Board, figures: pandas.DataFrame) -> pandas.DataFrame:
    level = figures.set_index(["model", "mode", "arm", "column"])["f1"]
    rows = []
    for place, model in enumerate(figures["model"].unique(), start=1):
        for mode in MODES:
            for policy in OF_POLICY:
                kind = "floor" if model == FLOOR else "model"
                row: dict = {"model": model, "mode": mode, "policy": policy, "kind": kind, "questions": 40.0}
                for setting in ("seeking", "curated"):
                    arm = ARM_OF[policy, setting]
                    row |= {f"{name}_{setting}": level[model, mode, arm, c] for c, name in board.wide.items()}
                    row |= {f"{setting}_coverage": 0.99, f"{setting}_rank": float(place)}
                    row |= {f"overall_{setting}_if_missing_{end}": 0.5 for end in ("wrong", "right")}
                row |= {f"{n}_delta": row[f"{n}_seeking"] - row[f"{n}_curated"] for n in board.wide.values()}
                rows.append(row | {f"{name}_yes_prevalence": 0.5 for name in board.wide.values()})
    return pandas.DataFrame(rows)


def deltas_of(names: list[str]) -> Iterator[dict]:
    for split, board in BOARDS.items():
        for place, model in enumerate(names):
            for contrast in CONTRASTS:
                for column in board.columns:
                    yield {
                        **{"split": split, "model": model, "kind": "floor" if model == FLOOR else "model"},
                        **{"mode": "strict", "contrast": contrast, "column": column, "weighting": "micro"},
                        **{"delta": 0.1, "low": 0.02, "high": 0.18, "p": 0.01, "p_holm": 0.2 if place else 0.01},
                        **{"n": 40, "small": False},
                    }


def compared(model: str) -> pandas.DataFrame:
    row = {"split": "text", "model": model, "column": "overall", "setting": "seeking", "published": 63.2}
    return pandas.DataFrame([{**row, "ours": 60.2, "difference": -3.0, "n": 40.0, "coverage": 0.99}])


def write_predictions(
    layout: Layout, split: str, parts: list[str], names: list[str], chance: numpy.random.Generator
) -> None:
    """A few answers a cell, with outcomes of every kind and a cost; floor rows cost nothing."""
    for model in names:
        for arm in ARMS:
            for part in parts:
                sought, paid = arm.startswith("seeking"), model != FLOOR
                frame = pandas.DataFrame(
                    {
                        "subject_id": 19990000 + numpy.arange(PATIENTS),
                        "outcome": ["truncated", "not_run", *["finished"] * (PATIENTS - 2)],
                        "rounds": pandas.array([9 if sought else 1] * PATIENTS, "Int64"),
                        "tool_calls": pandas.array([12 if sought else None] * PATIENTS, "Int64"),
                        "prompt_tokens": pandas.array([4000 if paid else None] * PATIENTS, "Int64"),
                        "completion_tokens": pandas.array([100 if paid else None] * PATIENTS, "Int64"),
                        "dollars": chance.uniform(0.001, 0.9, PATIENTS) if paid else numpy.nan,
                        "seconds": 1.0,
                    }
                )
                write_frame(layout.predictions(split, arm, model, part), frame)


def write_audit(layout: Layout, split: str, parts: list[str]) -> None:
    name, key = AUDITS[split]
    figures = {"questions": 40, "patients": 40, "hidden_rows": 4000, "hidden_values": 120}
    told = dict.fromkeys(parts[1:], figures) | {parts[0]: {"questions": 3, "too_few_patients_to_show": True}}
    layout.reports.mkdir(parents=True, exist_ok=True)
    (layout.reports / name).write_text(json.dumps({"ok": True, key: told}))


def material_of(layout: Layout, split: str, fewest: int = 1) -> Material:
    return read_material(layout, BOARDS[split], intervals(layout, split), fewest)


def report_of(layout: Layout, fewest: int = 1) -> Made:
    materials = [material_of(layout, split, fewest) for split in BOARDS]
    drawn: dict[str, Drawn] = {material.board.split: draw(material) for material in materials}
    return Made(materials, drawn, page(materials, drawn, "synthetic"))
