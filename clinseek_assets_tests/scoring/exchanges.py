"""Manifests and results of the published form, made for tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.scoring.finish_call import finish_answer
from clinseek_assets.scoring.results_file import read_results, results_files
from clinseek_assets.scoring.rules import RULES
from clinseek_assets.scoring.score_files import ScoredResults, score_results


def manifest_row(qid: str, label: Any, task: str = "labevents", **further: Any) -> dict[str, Any]:
    return {
        "qid": qid,
        "subject_id": 10000032,
        "hadm_id": 20000019,
        "prediction_time": "2180-05-06 22:23:01",
        "latest_event_time": "2180-05-06 22:23:00",
        "task": task,
        "label": label,
        "candidates": None,
        **further,
    }


def call(arguments: Any, name: Any = "ehr.finish") -> dict[str, Any]:
    return {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}


def finishing(arguments: Any, name: Any = "ehr.finish") -> list[dict[str, Any]]:
    return [
        {"role": "user", "content": "What comes next?"},
        {"role": "assistant", "content": None, "tool_calls": [call(arguments, name)]},
        {"role": "tool", "content": "done", "tool_call_id": "call_1"},
    ]


def answering(qid: str, *answers: Any, **further: Any) -> dict[str, Any]:
    return {"qid": qid, "run_index": 1, "messages": finishing(json.dumps({"response": list(answers)})), **further}


def failed(qid: str, **further: Any) -> dict[str, Any]:
    return {"qid": qid, "run_index": 1, "messages": [], "status": "error", "stop_reason": "exception", **further}


def write_lines(path: Path, rows: Iterable[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def questions_of(folder: Path, rows: Sequence[dict[str, Any]]) -> list[Question]:
    return read_manifest(write_lines(folder / "manifest.jsonl", rows))


def scored(folder: Path, manifest: Sequence[dict[str, Any]], results: Sequence[Any], mode: str) -> ScoredResults:
    questions = questions_of(folder, manifest)
    files = results_files([write_lines(folder / "results.jsonl", results)])
    return score_results(read_results(files, questions, finish_answer), questions, RULES[mode])
