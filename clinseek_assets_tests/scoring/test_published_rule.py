"""`compat` equals the published scorer: its verified vectors, and the rules written here a second time."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.scoring.finish_call import finish_answer
from clinseek_assets.scoring.rules import COMPAT
from clinseek_assets.scoring.set_metrics import set_score
from clinseek_assets_tests.scoring.exchanges import answering, call, failed, manifest_row, questions_of, scored

# --- the vectors that were verified on the published scorer


@pytest.mark.parametrize(
    ("answers", "gold", "precision", "recall", "f1"),
    [
        (["YES"], ["yes"], 1, 1, 1),
        (["yes "], ["yes"], 0, 0, 0),
        (["yes."], ["yes"], 0, 0, 0),
        (["a", "A", "b"], ["a"], 1 / 2, 1, 2 / 3),
        (["a b"], ["a  b"], 0, 0, 0),
        ([], [], 0, 0, 0),
        (["yes", "no"], ["yes"], 1 / 2, 1, 2 / 3),
    ],
)
def test_one_answer(answers: list[str], gold: list[str], precision: float, recall: float, f1: float) -> None:
    score = set_score(COMPAT.likeness(answers), COMPAT.likeness(gold))
    assert (score.precision, score.recall, score.f1) == (precision, recall, f1)


def test_gold_objects_with_one_atc_name_use_only_that(tmp_path: Path) -> None:
    gold = [{"name": "Aspirin", "atc_name": "Antithrombotics"}, {"name": "Heparin"}]
    made = scored(tmp_path, [manifest_row("q", gold)], [answering("q", "antithrombotics")], "compat")
    assert made.summary["overall"]["f1"] == 1


FOUR = [manifest_row(f"q{number}", "yes", "Inpatient_Mortality") for number in range(4)]
THEIR_ROWS = [answering("q0", "yes"), answering("q1", "yes"), answering("q0", "no", run_index=2), failed("q2")]


def test_runs_errors_and_absent_questions(tmp_path: Path) -> None:
    overall = scored(tmp_path, FOUR, THEIR_ROWS, "compat").summary["overall"]
    assert (overall["total"], overall["completed"], overall["runs"], overall["f1"]) == (4, 3, 4, 0.5)


def test_absent_questions_as_wrong(tmp_path: Path) -> None:
    overall = scored(tmp_path, FOUR, THEIR_ROWS, "strict").summary["overall"]
    assert overall["f1_if_missing_0"] == 0.375


def test_the_task_is_that_of_the_first_row_and_repeated_rows_are_runs(tmp_path: Path) -> None:
    rows = [answering("q", "a", task="their_name"), answering("q", "a"), answering("q", "b", task="another")]
    made = scored(tmp_path, [manifest_row("q", ["a"])], rows, "compat").summary
    assert list(made["per_task"]) == ["their_name"]
    assert made["per_task"]["their_name"]["runs"] == 3
    assert made["overall"]["f1"] == 2 / 3


def test_tool_statistics_are_per_run(tmp_path: Path) -> None:
    searching = answering("q", "a")
    searching["messages"][:0] = [
        {"role": "assistant", "tool_calls": [call("{}", "browser.search"), call("{}", "ehr.load_ehr")]}
    ]
    made = scored(tmp_path, [manifest_row("q", ["a"])], [searching, failed("q"), answering("q", "a")], "compat").summary
    overall = made["overall"]
    assert (overall["tool_calls_avg"], overall["turns_avg"], overall["browser_tool_pct"]) == (4 / 3, 1, 25)
    assert "prediction_sources" not in overall
    assert made["per_task"]["labevents"]["prediction_sources"] == {"finish_tool_call": 2, "no_prediction": 1}


# --- the rules once more, as plainly as can be


def naive_predictions(messages: Any) -> list[str]:
    calls = []
    for message in messages or []:
        if isinstance(message, dict):
            for each in message.get("tool_calls") or []:
                calls.append((each["function"]["name"] or "", each["function"]["arguments"]))
    finishes = [arguments for name, arguments in calls if "finish" in name.lower()]
    if not finishes:
        return []
    value = finishes[-1]
    if not isinstance(value, (dict, list)):
        for reader in (json.loads, ast.literal_eval):
            try:
                value = reader(finishes[-1])
                break
            except Exception:
                value = None
    if isinstance(value, dict):
        value = value.get("response")
    if isinstance(value, str):
        value = [value.strip()] if value.strip() else []
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def naive_gold(label: Any) -> list[str]:
    if isinstance(label, str):
        return [label]
    if any(isinstance(item, dict) and item.get("atc_name") for item in label):
        return [item["atc_name"] for item in label if item.get("atc_name")]
    return [item["name"] if isinstance(item, dict) else item for item in label]


def naive_figures(predictions: list[str], label: Any) -> tuple[float, float, float, float]:
    predicted, gold = {text.lower() for text in predictions}, {text.lower() for text in naive_gold(label)}
    if not predicted or not gold:
        return 0.0, 0.0, 0.0, 0.0
    precision = len(predicted & gold) / len(predicted)
    recall = len(predicted & gold) / len(gold)
    f1 = 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0
    return precision, recall, f1, float(predicted == gold)


def naive_means(columns: list[tuple[float, ...]]) -> list[float]:
    return [sum(values) / len(values) for values in zip(*columns, strict=True)]


VOCABULARY = st.sampled_from(["yes", "YES", " yes", "Straße", "STRASSE", "“a”  b", "“A” b", "", "a\nb", "[a, b]"])
GOLD_NAMES = VOCABULARY.filter(str.strip)
ODD = st.one_of(st.none(), st.integers(), st.floats(allow_nan=False), st.booleans(), st.just({}), st.just(["x"]))
ANSWERS = st.lists(st.one_of(VOCABULARY, VOCABULARY, VOCABULARY, ODD), max_size=5)
RESPONSES = st.one_of(ANSWERS, ANSWERS, VOCABULARY, ODD)
RESPONDING = RESPONSES.map(lambda response: {"response": response})
BODIES = st.one_of(RESPONDING, RESPONDING, ANSWERS, VOCABULARY, ODD, st.just({"answer": ["yes"]}))
ARGUMENTS = st.one_of(
    BODIES.map(json.dumps),
    BODIES.map(repr),
    BODIES.filter(lambda body: isinstance(body, (dict, list))),
    BODIES.map(lambda body: json.dumps(body)[:-1]),
    st.sampled_from(["", "yes", "None", "('a',)", "{'yes'}", "{1: 2}", "NaN"]),
)
NAMES = st.sampled_from(["finish", "ehr.finish", "EHR_FINISH", "unfinished", "browser.search", "think", "", None])
MESSAGES = st.one_of(
    st.none(),
    st.lists(
        st.one_of(
            st.just(None),
            st.just({"role": "user", "content": "finish"}),
            st.just({"role": "assistant", "content": None, "tool_calls": None}),
            st.lists(st.builds(call, ARGUMENTS, NAMES), max_size=3).map(
                lambda calls: {"role": "assistant", "tool_calls": calls}
            ),
        ),
        max_size=4,
    ),
)
LABELS = st.one_of(
    GOLD_NAMES,
    st.lists(GOLD_NAMES, min_size=1, max_size=4),
    st.lists(
        st.one_of(
            st.builds(lambda name: {"name": name}, GOLD_NAMES),
            st.builds(lambda name, atc: {"name": name, "atc_name": atc}, GOLD_NAMES, st.one_of(st.none(), GOLD_NAMES)),
        ),
        min_size=1,
        max_size=3,
    ),
)
TASKS = st.sampled_from(["labevents", "omr", "poe"])


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MESSAGES, LABELS)
def test_any_exchange_scores_as_the_rules_say(tmp_path_factory, messages, label) -> None:
    (question,) = questions_of(tmp_path_factory.getbasetemp(), [manifest_row("q", label)])
    answers = finish_answer(messages or []).answers
    found = COMPAT.score(answers, Outcome.FINISHED, COMPAT.likeness(question.gold))
    assert found == naive_figures(naive_predictions(messages), label)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(LABELS, TASKS), min_size=1, max_size=3),
    st.lists(
        st.tuples(st.integers(0, 3), MESSAGES, st.one_of(st.none(), TASKS, st.just("renamed"))), min_size=1, max_size=20
    ),
)
def test_any_results_score_as_the_rules_say(tmp_path_factory, labels, rows) -> None:
    folder = tmp_path_factory.mktemp("naive")
    manifest = [manifest_row(f"q{number}", label, task) for number, (label, task) in enumerate(labels)]
    results = [
        {"qid": f"q{number}", "messages": messages, **({"task": task} if task else {})}
        for number, messages, task in [(0, [], None), *rows]
    ]
    made = scored(folder, manifest, results, "compat")
    of_question: dict[str, list[tuple[float, ...]]] = {}
    of_task: dict[str, list[list[float]]] = {}
    for row in manifest:
        own = [result for result in results if result["qid"] == row["qid"]]
        task = (own[0].get("task") if own else None) or row["task"]
        of_task.setdefault(task, [])
        figures = [naive_figures(naive_predictions(result["messages"]), row["label"]) for result in own]
        if figures:
            of_question[row["qid"]] = naive_means(figures)
            of_task[task].append(of_question[row["qid"]])

    made.write(folder / "out")
    lines = [json.loads(line) for line in (folder / "out" / "per_question.jsonl").read_text().splitlines()]
    written = json.loads((folder / "out" / "summary.json").read_text())
    names = ("avg_precision", "avg_recall", "avg_f1", "avg_exact_match")
    assert {line["qid"]: [line[name] for name in names] for line in lines if line["completed"]} == of_question
    overall = naive_means(list(of_question.values()))
    assert [written["overall"][name] for name in ("precision", "recall", "f1")] == overall[:3]
    for task, figures in of_task.items():
        found = [written["per_task"][task][name] for name in ("precision", "recall", "f1")]
        assert found == (naive_means(figures)[:3] if figures else [0, 0, 0])
    assert set(written["per_task"]) == set(of_task)
