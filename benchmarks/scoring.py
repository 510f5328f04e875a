"""`clinseek score` on 1,800 questions × 12 models, 5 kB a row, against parsing the same lines and nothing more."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from clinseek_assets.benchmark.subtasks import RISK, SUBTASKS, YES_NO

MODELS = 12
QUESTIONS_A_SUBTASK = 40
BYTES_A_ROW = 5_000
SEED = 7


def run(folder: Path) -> dict[str, Any]:
    """Write the case into `folder` and measure it.

    Returns:
        name, seconds (wall clock of the command with its start), ratio (to parsing alone), peak_mb, rows, bytes.
    """
    manifest, results = folder / "manifest.json", folder / "results.jsonl"
    questions = _questions(random.Random(SEED))
    manifest.write_text(json.dumps(questions), encoding="utf-8")
    with results.open("wb") as stream:
        stream.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in _rows(questions))
    parsing = _seconds_to_parse(results)
    command = ["score", results, "--manifest", manifest, "--mode", "compat", "--out", folder / "scores", "--json"]
    seconds, peak_mb, status = _measure([Path(sys.executable).with_name("clinseek"), *command])
    if status:
        raise RuntimeError(f"clinseek score ended with {status}")
    return {
        "name": "score 1,800 questions × 12 models",
        "seconds": round(seconds, 2),
        "ratio": round(seconds / parsing, 2),
        "peak_mb": round(peak_mb),
        "rows": len(questions) * MODELS,
        "bytes": results.stat().st_size,
    }


def _questions(random_: random.Random) -> list[dict[str, Any]]:
    vocabulary = [f"Name of item {number} (mg/dL)" for number in range(800)]
    questions = []
    for name, subtask in SUBTASKS.items():
        for number in range(QUESTIONS_A_SUBTASK):
            risk = subtask.task_type == RISK
            candidates = list(YES_NO) if risk else random_.sample(vocabulary, 100)
            questions.append(
                {
                    "qid": f"{name}_{number}",
                    "subject_id": 10_000_000 + len(questions),
                    "prediction_time": "2150-01-01 00:00:01",
                    "task": name,
                    "label": random_.choice(candidates) if risk else random_.sample(candidates, 6),
                    "candidates": candidates,
                }
            )
    return questions


def _rows(questions: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for model in range(MODELS):
        random_ = random.Random(model)
        for question in questions:
            answers = random_.sample(question["candidates"], min(5, len(question["candidates"]) - 1))
            finish = {"name": "ehr.finish", "arguments": json.dumps({"response": answers})}
            turns = [
                {"role": "user", "content": "A question. " * (BYTES_A_ROW // 24)},
                {"role": "assistant", "content": "A line of thought\n" * (BYTES_A_ROW // 40), "tool_calls": []},
                {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": finish}]},
            ]
            yield {"qid": question["qid"], "model": f"model_{model}", "run_index": 1, "messages": turns}


def _seconds_to_parse(path: Path) -> float:
    started = time.perf_counter()
    with path.open("rb") as stream:
        for line in stream:
            orjson.loads(line)
    return time.perf_counter() - started


def _measure(command: list[Any]) -> tuple[float, float, int]:
    """Wall-clock seconds, peak resident megabytes and exit status of a command."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    return time.perf_counter() - started, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)
