"""A home with scores of both splits, made without the graph: what the marts are built from in tests."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pandas

from clinseek_assets.assets.marts import files_of
from clinseek_assets.assets.scores import corrected, floor_rows
from clinseek_assets.assets.split_scoring import SCORING
from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.benchmark.manifest_frame import manifest_frame
from clinseek_assets.benchmark.multimodal.manifest_frame import multimodal_frame
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import RISK, SUBTASKS
from clinseek_assets.benchmark.vocabularies import CHEXPERT_LABELS, PHENOTYPES
from clinseek_assets.resources.dbt_project import PROJECT, QUIET, places
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.warehouse import publish, refresh_views, warehouse
from clinseek_assets.scoring.leaderboard import BOARDS
from clinseek_assets.scoring.multimodal.rules import STRICT_ROUTING, PublishedRouting
from clinseek_assets.scoring.rules import RULES, Rule
from clinseek_assets.scoring.score_predictions import score_predictions
from clinseek_assets.scoring.statistics import contrasts, levels
from clinseek_assets.storage.atomic import write_text as write_text_file
from clinseek_assets.storage.parquet import write_frame
from clinseek_assets_tests.scoring.multimodal.cases import question

ARMS = ("curated", "curated_strict", "seeking", "seeking_compat")
# Group -> released task, and what the gold of its questions is drawn from.
OF_GROUP: dict[str, tuple[str, Sequence[str]]] = {
    "finding_presence": ("ehrxqa_image", ("1", "0", "edema")),
    "finding_enumeration": ("medmod_radiology", CHEXPERT_LABELS),
    "change_comparison": ("ehrxqa_image", ("edema", "pneumonia", "fracture")),
    "mortality_24h": ("medmod_decompensation", ("yes", "no", "no", "no")),
    "inpatient_mortality": ("medmod_in_hospital_mortality", ("yes", "no")),
    "phenotype": ("medmod_phenotyping", PHENOTYPES),
}
MARTS = (
    *(mart for board in BOARDS.values() for mart in (board.leaderboard, board.figures)),
    *("subtask_scores", "coverage", "paired_deltas", "published_comparison"),
)


def multimodal_questions(seed: int) -> list[Question]:
    """Questions of all groups, in unequal numbers, several a patient."""
    chance, made = random.Random(seed), []
    for place, group in enumerate(GROUPS):
        task, names = OF_GROUP[group]
        for _ in range(6 + 3 * place):
            many = group in ("finding_enumeration", "phenotype")
            gold = chance.sample(names, chance.randint(2, 4)) if many else [chance.choice(names)]
            number = len(made) + 1
            made.append(
                replace(
                    question([{"name": name} for name in gold], task, qid=f"q{number}"),
                    row_number=number,
                    subject_id=19990001 + number % 17,
                    task=group,
                )
            )
    return made


def answers(questions: Sequence[Question], model: str, arm: str, seed: int, missing: float) -> pandas.DataFrame:
    """Predictions that are right, half right, wrong or missing by chance."""
    chance = random.Random(f"{seed} {model} {arm}")
    rows = []
    for asked in questions:
        kept = [name for name in asked.gold if chance.random() < 0.7]
        rows.append(
            {
                "qid": asked.qid,
                "row_number": asked.row_number,
                "subject_id": asked.subject_id,
                "subtask": asked.task,
                "task_type": asked.task_type,
                "model": model,
                "arm": arm,
                "run_index": 1,
                "outcome": "endpoint_failed" if chance.random() < missing else "finished",
                "answer": [*kept, *(["something else"] if chance.random() < 0.3 else [])],
            }
        )
    return pandas.DataFrame(rows)


def write_scores(
    home: Home, split: str, questions: Sequence[Question], rules: Sequence[Rule], missing: dict[str, float]
) -> None:
    """Scores and intervals of each model of a split in all arms; `missing` is each model's share of failed calls."""
    frames = []
    for model in home.models:
        frame = pandas.concat(
            [
                score_predictions(answers(questions, model, arm, 5, missing.get(model, 0.0)), questions, rules)
                for arm in ARMS
            ],
            ignore_index=True,
        )
        write_frame(home.layout.model_scores(split, model), frame)
        frames.append(frame)
    scores = pandas.concat(frames, ignore_index=True)
    write_frame(home.intervals(split), levels(scores, SCORING[split].task_types))
    write_frame(home.contrasts(split), corrected(contrasts(scores, SCORING[split].task_types), floor_rows(home)))


def with_more_risks(questions: Sequence[Question]) -> list[Question]:
    """The questions, and of each risk five more of other patients: both answers, some decided before their moment."""
    made = list(questions)
    for asked in (one for one in questions if one.task_type == RISK):
        for place in range(1, 6):
            further = {"gold": ("yes" if place % 2 else "no",), "decided": place % 3 == 0}
            number = len(made) + 1
            made.append(
                replace(asked, qid=f"more_{number}", row_number=number, subject_id=19980000 + number % 29, **further)
            )
    return made


def write_text(home: Home) -> None:
    """The text split of the release and more of its risk questions, with scores."""
    questions = with_more_risks(read_manifest(home.settings.text_manifest))
    write_frame(home.manifest_file, manifest_frame(questions))
    write_frame(home.subtasks_file, pandas.DataFrame([asdict(subtask) for subtask in SUBTASKS.values()]))
    write_scores(home, "text", questions, tuple(RULES.values()), {})


def write_multimodal(home: Home, missing: dict[str, float]) -> list[Question]:
    """Multimodal questions with scores."""
    questions = multimodal_questions(3)
    write_frame(home.multimodal_manifest_file, multimodal_frame(questions))
    write_scores(home, "multimodal", questions, (STRICT_ROUTING, PublishedRouting()), missing)
    return questions


def build_marts(home: Home) -> None:
    """Run dbt with all its tests over what is there, and publish the marts.

    Raises:
        AssertionError: a model or a test failed.
    """
    with warehouse(home.layout).get_connection() as connection:
        refresh_views(connection, home, files_of(home))
    command = [sys.executable, "-m", "dbt.cli.main", "--no-version-check", "build", "--project-dir", str(PROJECT)]
    environment = {**os.environ, **QUIET, **places(home.layout)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-4000:]
    with warehouse(home.layout).get_connection() as connection:
        for mart in MARTS:
            publish(connection, mart, home.layout.mart(mart))


def mart(home: Path, name: str) -> pandas.DataFrame:
    """A published mart."""
    return pandas.read_parquet(home / "assets" / "marts" / f"{name}.parquet")


def write_shown(home: Home, split: str, subtasks: Sequence[str], kept_back: Collection[str] = ()) -> None:
    """Strict contexts and a leak audit of some subtasks, as far as the marts read them.

    The n-th subtask has n rows and 10 n values that only the published rule shows in its contexts (half of them in each
    of two), and 100 n and 1000 n in its records; the audit keeps the figures of `kept_back` to itself.
    """
    figures = {}
    for place, subtask in enumerate(subtasks, start=1):
        counts = {"rows_curated_only": [place, 0], "values_curated_only": [5 * place] * 2, "rows_strict_only": [1, 2]}
        frame = pandas.DataFrame({"subtask": [subtask] * 3, **{name: [*two, None] for name, two in counts.items()}})
        write_frame(home.layout.contexts(split, "curated_strict", subtask), frame)
        shown = {"hidden_rows": 100 * place, "hidden_values": 1000 * place, "strict_only_rows": 7}
        figures[subtask] = {"questions": 9, **({"too_few_patients_to_show": True} if subtask in kept_back else shown)}
    files = files_of(home)[split]
    write_text_file(files.leak_audit, json.dumps({"ok": True, files.audited: figures}))
