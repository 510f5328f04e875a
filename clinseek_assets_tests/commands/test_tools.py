"""`clinseek tools`: the tools of one question of a real home, by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.cli import clinseek
from clinseek_assets.faults import DatabaseFault, Fault, ManifestFault, SourceFault
from clinseek_assets.records.patient_databases import database_path
from clinseek_assets.records.tools.reading_rows import parse_table
from clinseek_assets.resources.home import Home
from clinseek_assets_tests.conftest import settings_over

Tools = Callable[..., Result]


@pytest.fixture
def home(finished_home: Path, tiny_release: Path) -> Home:
    return Home.of(settings_over(tiny_release, finished_home))


@pytest.fixture
def question(home: Home) -> Question:
    return home.questions()[0]


@pytest.fixture
def tools(home: Home, tiny_release: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    """`clinseek tools …` in that home, or in another one."""
    monkeypatch.setenv("CLINSEEK_RELEASE_ROOT", str(tiny_release / "release"))
    monkeypatch.setenv("MIMIC_IV_ROOT", str(tiny_release / "sources" / "mimic_iv"))
    monkeypatch.setenv("CLINSEEK_MODELS", str(tiny_release / "models.yaml"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str, home: Path = home.settings.home) -> Result:
        monkeypatch.setenv("CLINSEEK_HOME", str(home))
        return CliRunner().invoke(clinseek, ["tools", *arguments])

    return run


def test_list_tells_what_a_model_is_told(tools: Tools, question: Question) -> None:
    shown = tools("list", "--qid", question.qid)
    assert shown.exit_code == 0 and "ehr.load_ehr" in shown.stdout and "[page]" in shown.stdout
    told = json.loads(tools("list", "--qid", question.qid, "--json").stdout)
    assert told["policy"] == "strict" and len(told["version"]) == 64
    names = [tool["name"] for tool in told["tools"]]
    assert names[0] == "ehr.load_ehr" and names[-1] == "ehr.finish" and len(names) in (15, 16)
    compat = json.loads(tools("list", "--qid", question.qid, "--json", "--policy", "compat").stdout)
    assert compat["tools"] == told["tools"] and compat["version"] != told["version"]


def test_patient_and_moment_need_not_be_given(tools: Tools, question: Question) -> None:
    loaded = tools("call", "load_ehr", "--qid", question.qid)
    assert loaded.exit_code == 0 and str(question.prediction_time) in loaded.stdout
    counts = {row["table"]: row["visible_rows"] for row in parse_table(loaded.stdout)}
    statement = "SELECT count(*) AS n FROM admissions"
    counted = tools("call", "ehr.run_sql_query", f"sql_query={statement}", "--qid", question.qid)
    assert parse_table(counted.stdout) == [{"n": counts.get("admissions", "0")}]


def test_the_policy_decides_what_is_seen(tools: Tools, question: Question) -> None:
    asked = ("call", "get_column_names", "table_name=patients", "--qid", question.qid)
    assert "dod" not in tools(*asked).stdout
    assert "dod" in tools(*asked, "--policy", "compat").stdout


def test_values_may_be_json(tools: Tools, question: Question) -> None:
    reply = tools("call", "finish", 'response=["a", "b"]', "--qid", question.qid, "--json")
    told = json.loads(reply.stdout)
    assert reply.exit_code == 0 and told["answers"] == ["a", "b"] and told["problem"] is None
    for value in ("[a", "{", '"a'):
        wrong = tools("call", "finish", f"response={value}", "--qid", question.qid)
        assert wrong.exit_code == 2 and "JSON" in wrong.stderr
    assert tools("call", "finish", "yes", "--qid", question.qid).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("get_table_names", "subject_id=1"), "other_patient"),
        (("load_ehr", "timestamp=2999-01-01"), "other_moment"),
        (("get_latest_records", "table_name=labs"), "not_found"),
        (("get_latest_records",), "bad_arguments"),
        (("get_everything",), "unknown_tool"),
        (("run_sql_query", "sql_query=DROP TABLE patients"), "refused"),
    ],
)
def test_what_a_tool_refuses_ends_with_1(
    tools: Tools, question: Question, arguments: tuple[str, ...], problem: str
) -> None:
    shown = tools("call", *arguments, "--qid", question.qid)
    assert shown.exit_code == 1 and not shown.stdout and shown.stderr.strip()
    told = tools("call", *arguments, "--qid", question.qid, "--json")
    assert told.exit_code == 1 and json.loads(told.stdout)["problem"] == problem


def test_an_unknown_question_is_a_fault_that_does_not_repeat_it(tools: Tools) -> None:
    result = tools("call", "load_ehr", "--qid", "no_such_question")
    assert isinstance(result.exception, ManifestFault) and "no_such_question" not in str(result.exception)


def test_a_home_without_a_manifest_is_a_fault(tools: Tools, tmp_path: Path) -> None:
    result = tools("list", "--qid", "any", home=tmp_path / "empty")
    assert isinstance(result.exception, Fault) and "text_manifest" in str(result.exception)


@pytest.mark.parametrize(
    ("missing", "fault"),
    [
        ("patient", DatabaseFault),
        ("reference", DatabaseFault),
        ("candidates", SourceFault),
        ("descriptions", SourceFault),
    ],
)
def test_missing_databases_are_faults(
    tools: Tools, home: Home, question: Question, tmp_path: Path, missing: str, fault: type[Fault]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(home.settings.home, copy)
    there = home.layout
    path = {
        "patient": database_path(there.patient_databases("text"), question.subject_id),
        "reference": there.reference_tables,
        "candidates": there.candidate_tables,
        "descriptions": there.table_descriptions / "shorten_description.json",
    }[missing]
    (copy / path.relative_to(there.home)).unlink()
    result = tools("call", "load_ehr", "--qid", question.qid, home=copy)
    assert isinstance(result.exception, fault)
    assert str(question.subject_id) not in str(result.exception)


def test_help_teaches(tools: Tools) -> None:
    for arguments in (("--help",), ("list", "--help"), ("call", "--help")):
        result = tools(*arguments)
        assert result.exit_code == 0 and "clinseek tools" in result.stdout
