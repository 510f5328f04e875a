"""Logs of Inspect AI, read back with its own reader where it is installed."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pandas
import pytest
from click.testing import CliRunner

from clinseek_assets.browse.answered_in_full import OneRun
from clinseek_assets.browse.inspect_logs import write_log
from clinseek_assets.browse.library import Library
from clinseek_assets.cli import clinseek
from clinseek_assets.faults import Fault
from clinseek_assets.models.agent.exchange import CallSaid, Step
from clinseek_assets.models.answered import Answered
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets_tests.browse.test_pages import kept


def run_of(library: Library, arm: str, model: str = "evidence_counts") -> OneRun:
    return OneRun(library.home.layout, "text", arm, model, library.questions()["text"])


def test_all_that_was_answered_is_read_with_scores_and_exchange(text_library: Library):
    answers = list(run_of(text_library, "seeking").answers())
    indexed = text_library.answers().filter(model="evidence_counts", arm="seeking")
    assert [each.question.row_number for each in answers] == sorted(indexed["row_number"])
    assert all(each.steps and each.context is None for each in answers)
    f1 = dict(indexed.select("row_number", "f1").rows())
    assert {each.question.row_number: each.scores["strict"]["f1"] for each in answers} == f1
    assert all(set(each.scores) == {"strict", "compat"} for each in answers)
    given = next(iter(run_of(text_library, "curated").answers()))
    assert given.context and not given.steps and given.fields["answer_rule"] == "baseline"
    assert given.fields["response_text"] is None or given.fields["response_text"] == ""


def test_without_the_extra_the_command_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for name in [name for name in sys.modules if name.partition(".")[0] == "inspect_ai"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "inspect_ai", None)
    result = CliRunner(env={"CLINSEEK_HOME": str(tmp_path)}).invoke(
        clinseek, ["inspect-logs", "--out", str(tmp_path / "logs")]
    )
    assert isinstance(result.exception, Fault) and "clinseek-assets[inspect]" in str(result.exception)
    assert not (tmp_path / "logs").exists()


def test_a_log_reads_back_as_what_was_answered(text_library: Library, tmp_path: Path):
    inspect_log = pytest.importorskip("inspect_ai.log")
    run = run_of(text_library, "seeking")
    path = write_log(run, "credentialed", tmp_path / "logs")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    (listed,) = inspect_log.list_eval_logs(str(path.parent))
    log = inspect_log.read_eval_log(listed)
    answers = list(run.answers())
    assert (log.status, log.eval.model, log.eval.task) == ("success", "evidence_counts", "clinseek_text_seeking")
    assert log.eval.metadata["data"] == "credentialed" and "must not leave" in log.eval.metadata["notice"]
    assert len(log.samples) == len(answers) == log.results.total_samples
    for sample, answer in zip(log.samples, answers, strict=True):
        assert sample.target == list(answer.question.gold) and sample.epoch == answer.run_index
        assert sample.scores["strict"].value == answer.scores["strict"]["f1"]
        assert sample.scores["compat"].value == answer.scores["compat"]["f1"]
        assert [message.role for message in sample.input] == ["user"]
        assert len(sample.messages) == len(answer.steps)
        called = [call for message in sample.messages if message.role == "assistant" for call in message.tool_calls]
        replied = [message.tool_call_id for message in sample.messages if message.role == "tool"]
        assert {call.id for call in called} == set(replied) and "ehr.finish" in {call.function for call in called}
        assert answer.question.qid not in sample.model_dump_json()
    marts = pandas.read_parquet(run.layout.mart("subtask_scores"))
    of_run = marts[(marts["model"] == run.model) & (marts["arm"] == run.arm) & (marts["mode"] == "strict")]
    mean = (of_run["f1"] * of_run["n"]).sum() / of_run["n"].sum()
    assert log.results.scores[0].metrics["f1"].value == pytest.approx(mean)


def test_what_a_model_did_wrong_is_in_the_log(unanswered: Library, tmp_path: Path):
    inspect_log = pytest.importorskip("inspect_ai.log")
    steps = (
        Step("user", "What comes next?"),
        Step("assistant", "", reasoning="It may be.", calls=(CallSaid("c1", "ehr.finish", "{not JSON"),)),
        Step("tool", "no JSON", call_id="c1", problem="arguments"),
        Step("note", "2 results were cut."),
    )
    with kept(unanswered, "evidence_counts", "seeking", 1, Answered(Outcome.UNPARSABLE), *steps):
        path = write_log(run_of(unanswered, "seeking"), "open", tmp_path)
    (sample,) = inspect_log.read_eval_log(str(path)).samples
    assert sample.metadata["outcome"] == "unparsable" and not sample.scores and sample.error is None
    asked, said, replied, noted = sample.messages
    assert said.tool_calls[0].parse_error and "{not JSON" in str(said.tool_calls[0].arguments)
    assert replied.error.message == "arguments" and "results were cut" in noted.text and asked.role == "user"
    with kept(unanswered, "evidence_counts", "curated", 1, Answered.of_failure("timeout")):
        path = write_log(run_of(unanswered, "curated"), "open", tmp_path)
    log = inspect_log.read_eval_log(str(path))
    assert "timeout" in log.samples[0].error.message and log.results.completed_samples == 0
