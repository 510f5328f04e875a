"""Reading results to be scored: the published drivers' `results.jsonl`, and our own predictions as Parquet.

A row of the published form holds an exchange (`messages`) and belongs to a question by its `qid`, else `query_id`, else
`<task>_<subject_id>[_<hadm_id>]` where that names one question of the manifest. Files of any size are read line by
line; of each row only its answers and counts are kept.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.faults import ResultsFault
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.scoring.finish_call import (
    NO_CALL,
    NOT_A_LIST,
    UNREADABLE,
    Extraction,
    name_and_arguments,
    tool_calls,
)
from clinseek_assets.storage.fault_tally import FaultTally
from clinseek_assets.storage.json_rows import JsonBreak, json_rows, read_utf8

_OUTCOME_OF_SOURCE = {UNREADABLE: Outcome.UNPARSABLE, NOT_A_LIST: Outcome.UNPARSABLE, NO_CALL: Outcome.OUT_OF_ROUNDS}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PARQUET_COLUMNS = ("qid", "model", "arm", "run_index", "outcome", "answer")


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One row of results: whose it is, what it answers and how it came to that.

    Attributes:
        model: the row's `model`, else the file's name where several files are read, else "".
        qid: the question's id in the manifest.
        run_index: which run of that question; 1 where the row does not say.
        task: the row's own `task`, or None.
        answers: the answers, texts only.
        source: the published tag of where the answers were found; `prediction` for our own.
        outcome: how the answer ended.
        tool_calls, browser_calls, turns: calls made, calls of the browser among them, assistant messages.
    """

    model: str
    qid: str
    run_index: int
    task: str | None
    answers: tuple[str, ...]
    source: str
    outcome: Outcome
    tool_calls: int = 0
    browser_calls: int = 0
    turns: int = 0


@dataclass
class Results:
    """The rows that belong to questions of the manifest, and how many did not.

    Attributes:
        rows: in the order of the files.
        unknown_qid: rows of questions that the manifest does not have; they are not scored.
        without_messages: rows that hold no exchange, as a driver's failed calls do.
    """

    rows: list[ResultRow] = field(default_factory=list)
    unknown_qid: int = 0
    without_messages: int = 0

    @property
    def repeated(self) -> int:
        """Rows that repeat the model, question and run of an earlier row."""
        return len(self.rows) - len({(row.model, row.qid, row.run_index) for row in self.rows})


def results_files(paths: Sequence[Path]) -> dict[Path, str]:
    """The files of results among `paths`, folders searched for `.jsonl` and `.parquet`, each with its name as a model.

    The name is "" for one file alone, else the path below the common folder without suffix and a closing `/results`.

    Raises:
        ResultsFault: a path is not there, or no file is found.
    """
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise ResultsFault(f"{path} is not there.", mend="Name a results file or a folder of them.")
        files += sorted(f for f in path.rglob("*") if f.suffix in (".jsonl", ".parquet")) if path.is_dir() else [path]
    if not files:
        raise ResultsFault("No file of results was found.", mend="Name a .jsonl or .parquet file of results.")
    if len(files) == 1:
        return {files[0]: ""}
    bare = {file: file.resolve().with_suffix("") for file in files}
    parents = [path.parent.parts for path in bare.values()]
    shared = next(
        (depth for depth, parts in enumerate(zip(*parents, strict=False)) if len(set(parts)) > 1),
        min(map(len, parents)),
    )
    return {
        file: "/".join(
            path.parts[shared:-1] if path.name == "results" and len(path.parts) - 1 > shared else path.parts[shared:]
        )
        for file, path in bare.items()
    }


def read_results(
    files: dict[Path, str],
    questions: Sequence[Question],
    extract: Callable[[Sequence[Any]], Extraction],
    *,
    progress: Callable[[int], object] = lambda read: None,
) -> Results:
    """All rows of `files` that answer `questions`.

    Args:
        files: each file with the name that its rows have as a model where they name none.
        questions: the manifest.
        extract: finds the answers in an exchange (`finish_answer`, or `finish_or_text_answer`).
        progress: called with the number of bytes read since its last call.

    Raises:
        ResultsFault: a file cannot be read, is empty, has rows that are not as they should be (every kind counted, the
            first lines named), or no row of all files belongs to a question of the manifest.
    """
    ids = _QuestionIds(questions)
    results = Results()
    for path, model in files.items():
        read = _read_parquet if path.suffix == ".parquet" else _read_exchanges
        before = len(results.rows) + results.unknown_qid
        tally = FaultTally()
        try:
            read(path, model, ids, extract, progress, results, tally)
        except OSError as error:
            raise ResultsFault(
                f"{path} cannot be read ({error.strerror}).", mend="Check path and permissions."
            ) from None
        if tally:
            raise ResultsFault(
                f"{path} cannot be scored; faults by kind:\n{tally}",
                mend="Mend or remove the rows named; a last line that is cut is of a run that was stopped: resume it.",
            )
        if len(results.rows) + results.unknown_qid == before:
            raise ResultsFault(f"{path} holds no rows.", mend="Name the results file of a run that has answers.")
    if not results.rows:
        raise ResultsFault(
            f"None of the {results.unknown_qid:,} rows of results belongs to a question of the manifest.",
            mend="Name the manifest that the run was made with; questions are matched by `qid`.",
        )
    return results


class _QuestionIds:
    """The ids by which a row may name its question."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.known = {question.qid for question in questions}
        rebuilt = [
            (_rebuilt(question.task, question.subject_id, question.hadm_id), question.qid) for question in questions
        ]
        times = Counter(name for name, _ in rebuilt)
        self._rebuilt = {name: qid for name, qid in rebuilt if times[name] == 1}
        self._ambiguous = {name for name, count in times.items() if count > 1}

    def qid_of(self, row: dict[str, Any], report: Callable[[str], None]) -> str | None:
        """The id that a row names, or None with its fault."""
        named = row.get("qid")
        if named is None:
            named = row.get("query_id")
        if isinstance(named, int) and not isinstance(named, bool):
            return str(named)
        if isinstance(named, str):
            return named
        if named is not None:
            report("`qid` is neither a text nor a number")
        elif row.get("task") is None or row.get("subject_id") is None:
            report("no `qid`")
        else:
            rebuilt = _rebuilt(row["task"], row["subject_id"], row.get("hadm_id"))
            if rebuilt not in self._ambiguous:
                return self._rebuilt.get(rebuilt, rebuilt)
            report("no `qid`, and several questions of the manifest have the row's task, patient and admission")
        return None


def _rebuilt(task: Any, subject_id: Any, hadm_id: Any) -> str:
    return f"{task}_{subject_id}" if hadm_id is None else f"{task}_{subject_id}_{hadm_id}"


def _read_exchanges(
    path: Path,
    model: str,
    ids: _QuestionIds,
    extract: Callable[[Sequence[Any]], Extraction],
    progress: Callable[[int], object],
    results: Results,
    tally: FaultTally,
) -> None:
    for place, row in _json_objects(path, progress, tally):
        faults: list[str] = []
        made = _result_row(row, model, ids, extract, faults.append)
        for kind in faults:
            tally.add(kind, place)
        if made is None:
            continue
        results.without_messages += not row.get("messages")
        if made.qid in ids.known:
            results.rows.append(made)
        else:
            results.unknown_qid += 1


def _json_objects(
    path: Path, progress: Callable[[int], object], tally: FaultTally
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a JSONL file, or of a JSON list, with their places; what is none goes to `tally`."""
    with path.open("rb") as stream:
        first = stream.read(64).removeprefix(_BYTE_ORDER_MARK).lstrip()[:1]
    values = _values_of_list(path, tally) if first == b"[" else _values_of_lines(path, progress, tally)
    for place, value in values:
        if isinstance(value, dict):
            yield place, value
        else:
            tally.add("a row that is not an object", place)


def _values_of_list(path: Path, tally: FaultTally) -> Iterator[tuple[str, Any]]:
    for item in json_rows(read_utf8(path, ResultsFault)):
        if isinstance(item, JsonBreak):
            tally.add("not JSON", f"line {item.line} column {item.column}: {item.reason}")
        else:
            yield f"line {item.line} (row {item.number})", item.value


def _values_of_lines(path: Path, progress: Callable[[int], object], tally: FaultTally) -> Iterator[tuple[str, Any]]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            progress(len(line))
            if number == 1:
                line = line.removeprefix(_BYTE_ORDER_MARK)
            if line.isspace() or not line:
                continue
            try:
                yield f"line {number}", _parsed(line)
            except UnicodeDecodeError:
                tally.add("not UTF-8", f"line {number}")
            except (ValueError, RecursionError):
                cut = "" if line.endswith(b"\n") else " (the last line, cut)"
                tally.add("not JSON", f"line {number}{cut}")


def _parsed(line: bytes) -> Any:
    """A line's value; what only Python's parser takes (NaN, half surrogates, deep nesting) is given to that."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return json.loads(line.decode("utf-8"))


def _result_row(
    row: dict[str, Any],
    model: str,
    ids: _QuestionIds,
    extract: Callable[[Sequence[Any]], Extraction],
    report: Callable[[str], None],
) -> ResultRow | None:
    qid = ids.qid_of(row, report)
    messages = row.get("messages")
    if messages is not None and not isinstance(messages, list):
        report("`messages` is neither a list nor null")
        return None
    if qid is None:
        return None
    messages = messages or []
    extraction = extract(messages)
    own_model, run_index, task = row.get("model"), row.get("run_index"), row.get("task")
    calls = [name_and_arguments(call)[0] for message in messages for call in tool_calls(message)]
    return ResultRow(
        model=own_model if isinstance(own_model, str) and own_model else model,
        qid=qid,
        run_index=run_index if isinstance(run_index, int) else 1,
        task=task if isinstance(task, str) else None,
        answers=extraction.answers,
        source=extraction.source,
        outcome=_outcome(row, messages, extraction),
        tool_calls=len(calls),
        browser_calls=sum(name.startswith("browser") for name in calls),
        turns=sum(isinstance(message, dict) and message.get("role") == "assistant" for message in messages),
    )


def _outcome(row: dict[str, Any], messages: Sequence[Any], extraction: Extraction) -> Outcome:
    """How a published row ended. The published curated driver closes failed calls with an empty `finish` of its own
    making and says `error` in `status`, so that only a row with answers is believed against its status."""
    if not messages or (row.get("status") == "error" and not extraction.answers):
        return Outcome.ENDPOINT_FAILED
    if extraction.source.startswith("fallback"):
        return Outcome.SALVAGED
    return _OUTCOME_OF_SOURCE.get(extraction.source, Outcome.FINISHED)


def _read_parquet(
    path: Path,
    model: str,
    ids: _QuestionIds,
    extract: Callable[[Sequence[Any]], Extraction],
    progress: Callable[[int], object],
    results: Results,
    tally: FaultTally,
) -> None:
    for number, row in enumerate(_parquet_rows(path), start=1):
        if row["outcome"] not in set(Outcome):
            tally.add("an `outcome` that is none of ours", f"row {number}")
        elif row["qid"] not in ids.known:
            results.unknown_qid += 1
        else:
            results.rows.append(
                ResultRow(
                    model=row["model"] if row["arm"] is None else f"{row['model']} ({row['arm']})",
                    qid=row["qid"],
                    run_index=row["run_index"],
                    task=None,
                    answers=tuple(row["answer"] or ()),
                    source="prediction",
                    outcome=Outcome(row["outcome"]),
                )
            )
    progress(path.stat().st_size)


def _parquet_rows(path: Path) -> Iterable[dict[str, Any]]:
    import pyarrow  # here, because most results are JSONL, and these take longer to import than those to score
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path, columns=list(_PARQUET_COLUMNS))
    except (pyarrow.ArrowException, OSError):
        raise ResultsFault(f"{path} is not a Parquet file that can be read.", mend="Materialize it anew.") from None
    lacking = [name for name in _PARQUET_COLUMNS if name not in table.column_names]
    if lacking:
        raise ResultsFault(
            f"{path} is not a file of predictions: it has no column {', '.join(lacking)}.",
            mend="Name a file below assets/predictions, or a results.jsonl.",
        )
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows
