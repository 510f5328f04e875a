"""What a new version of the scorer changed, from frames of scores."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pandas
import pytest

import clinseek_assets
from clinseek_assets.assets.rescored import SCORER
from clinseek_assets.faults import ResultsFault
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.scoring.rescoring import Change, basis_of, keep, mean_change, read_rescorings, rescoring
from clinseek_assets.scoring.rules import COMPAT, STRICT, Given
from clinseek_assets.scoring.score_predictions import score_predictions
from clinseek_assets_tests.scoring.exchanges import manifest_row, questions_of
from clinseek_assets_tests.scoring.test_score_predictions import predictions

AT = "2026-01-31T12:00:00+00:00"
VERSIONS = ("old", "new")
ROOT = Path(clinseek_assets.__file__).parent
# Reached by the scorer, but without a say in any score: shapes, errors, files, and search by meaning's own tools.
NO_PART_OF_SCORING = {
    "benchmark/questions.py",
    "faults.py",
    "records/sqlite_tables.py",
    *(f"records/tools/{name}.py" for name in ("candidates", "mistakes", "plain_text")),
    *(f"storage/{name}.py" for name in ("atomic", "fingerprint")),
}


@pytest.fixture
def questions(tmp_path: Path):
    return questions_of(tmp_path, [manifest_row("d", ["Glucose", "Sodium"]), manifest_row("e", ["Heparin"])])


def answers(questions, d: list[str], e: list[str]) -> pandas.DataFrame:
    return predictions(questions, {"qid": "d", "answer": d}, {"qid": "e", "answer": e})


def test_what_another_rule_makes_of_the_same_answers(questions) -> None:
    given = answers(questions, [" glucose"], ["Heparin"])
    lenient = replace(COMPAT, likeness=STRICT.likeness)
    before = score_predictions(given, questions, (STRICT, COMPAT))
    found = rescoring(before, score_predictions(given, questions, (STRICT, lenient)), VERSIONS, AT)
    assert found.compared == {"strict": 2, "compat": 2}
    assert found.changes == (Change(1, 1, "compat", 0.0, 2 / 3),)
    assert mean_change(found.changes) == 2 / 3


def test_a_score_that_came_or_went_is_a_change(questions) -> None:
    given = answers(questions, ["Glucose"], ["Heparin"])
    hard = replace(STRICT, missing=frozenset({Outcome.FINISHED}))
    found = rescoring(
        score_predictions(given, questions, (STRICT,)), score_predictions(given, questions, (hard,)), VERSIONS, AT
    )
    assert found.changes == (Change(1, 1, "strict", 2 / 3, None), Change(2, 1, "strict", 1.0, None))
    assert mean_change(found.changes) is None


def test_another_answer_is_no_change_of_the_scorer(questions) -> None:
    before = score_predictions(answers(questions, ["Glucose"], ["Heparin"]), questions)
    after = score_predictions(answers(questions, ["Potassium"], ["Heparin"]), questions)
    found = rescoring(before, after, VERSIONS, AT)
    assert (found.compared, found.changes) == ({"strict": 1, "compat": 1}, ())


@pytest.mark.parametrize(
    "changed",
    [
        {"outcome": Outcome.SALVAGED},
        {"names": ("glucose",)},
        {"gold": ("Glucose", "Sodium", "Potassium")},
        {"question": "Which of these?"},
        {"task_type": "risk_prediction"},
    ],
)
def test_all_that_a_rule_looks_at_is_in_the_basis(questions, changed) -> None:
    given = Given(questions[0], ("Glucose",), Outcome.FINISHED)
    of_question = {name: value for name, value in changed.items() if name not in ("outcome", "names")}
    of_answer = {name: value for name, value in changed.items() if name not in of_question}
    other = replace(given, question=replace(given.question, **of_question), **of_answer)
    assert basis_of(given) == basis_of(replace(given))
    assert basis_of(other) != basis_of(given)


def test_scores_of_before_the_basis_was_kept_cannot_be_compared(questions) -> None:
    scores = score_predictions(answers(questions, ["Glucose"], ["Heparin"]), questions)
    assert rescoring(scores.drop(columns="basis"), scores, VERSIONS, AT).compared == {}


def test_entries_are_kept_one_after_the_other(questions, tmp_path: Path) -> None:
    scores = score_predictions(answers(questions, ["Glucose"], ["Heparin"]), questions)
    path = tmp_path / "labevents.rescored.json"
    first = rescoring(scores, scores, VERSIONS, AT)
    second = replace(first, before="new", after="newer", changes=(Change(1, 1, "strict", None, 0.5),))
    keep(path, first)
    keep(path, replace(second, changes=()))  # a run that was killed before it wrote its scores
    keep(path, second)
    assert read_rescorings(path) == [first, second]


def test_a_damaged_file_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "labevents.rescored.json"
    path.write_text('[{"at": 1}]')
    with pytest.raises(ResultsFault, match="labevents"):
        read_rescorings(path)


def test_the_version_of_the_scorer_covers_all_code_that_scores() -> None:
    reached = reached_from(ROOT / "scoring" / "score_predictions.py", ROOT / "scoring" / "multimodal" / "rules.py")
    assert {ROOT / name for name in NO_PART_OF_SCORING} <= reached
    named = {path for name in SCORER for path in [ROOT / name, *(ROOT / name).rglob("*.py")]}
    assert {str(path.relative_to(ROOT)) for path in reached - named} == NO_PART_OF_SCORING
    assert all((ROOT / name).exists() for name in SCORER)


def reached_from(*files: Path) -> set[Path]:
    """The files of the package that these import, and what those import."""
    found: set[Path] = set()
    further = list(files)
    while further:
        path = further.pop()
        if path not in found:
            found.add(path)
            further += imported_by(path)
    return found


def imported_by(path: Path) -> set[Path]:
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom) and node.module]
    modules = [ROOT.parent.joinpath(*node.module.split(".")) for node in nodes if node.module]
    named = [module / name.name for module, node in zip(modules, nodes, strict=True) for name in node.names]
    return {file for each in (*modules, *named) if (file := each.with_suffix(".py")).is_file() and ROOT in file.parents}
