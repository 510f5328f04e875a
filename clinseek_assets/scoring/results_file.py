"""Reading results to be scored: the published drivers' `results.jsonl`, and our own predictions as Parquet.

Files of any size are read line by line; of each row only its answers and counts are kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.faults import ResultsFault
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.scoring.result_rows import Extract, QuestionIds, ResultRow, result_row
from clinseek_assets.storage.fault_tally import FaultTally
from clinseek_assets.storage.json_rows import JsonBreak, json_rows, read_utf8

if TYPE_CHECKING:
    import pyarrow

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PARQUET_COLUMNS = {
    **dict.fromkeys(("qid", "model", "arm", "outcome"), "text"),
    "run_index": "whole number",
    "answer": "list of texts",
}


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
    extract: Extract,
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
    results = Results()
    reader = _Reader(QuestionIds(questions), extract, progress, results)
    for path, model in files.items():
        read = reader.predictions if path.suffix == ".parquet" else reader.exchanges
        before = len(results.rows) + results.unknown_qid
        tally = FaultTally()
        try:
            read(path, model, tally)
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


@dataclass(frozen=True)
class _Reader:
    """Reads files of either form into `results`; what is wrong in a file goes to that file's tally."""

    ids: QuestionIds
    extract: Extract
    progress: Callable[[int], object]
    results: Results

    def exchanges(self, path: Path, model: str, tally: FaultTally) -> None:
        """The rows of the published form."""
        for place, row in _json_objects(path, self.progress, tally):
            faults: list[str] = []
            made = result_row(row, model, self.ids, self.extract, faults.append)
            for kind in faults:
                tally.add(kind, place)
            if made is None:
                continue
            self.results.without_messages += not row.get("messages")
            self._take(made)

    def predictions(self, path: Path, model: str, tally: FaultTally) -> None:
        """The rows of our own predictions, which name their model themselves."""
        for number, row in enumerate(_parquet_rows(path), start=1):
            if row["outcome"] in set(Outcome):
                self._take(_prediction(row))
            else:
                tally.add("an `outcome` that is none of ours", f"row {number}")
        self.progress(path.stat().st_size)

    def _take(self, row: ResultRow) -> None:
        if row.qid in self.ids.known:
            self.results.rows.append(row)
        else:
            self.results.unknown_qid += 1


def _prediction(row: dict[str, Any]) -> ResultRow:
    return ResultRow(
        model=row["model"] if row["arm"] is None else f"{row['model']} ({row['arm']})",
        qid=row["qid"],
        run_index=row["run_index"],
        task=None,
        answers=tuple(row["answer"] or ()),
        source="prediction",
        outcome=Outcome(row["outcome"]),
    )


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


def _parquet_rows(path: Path) -> Iterable[dict[str, Any]]:
    import pyarrow  # here, because most results are JSONL, and these take longer to import than those to score
    import pyarrow.parquet

    try:
        schema = pyarrow.parquet.read_schema(path)
        table = pyarrow.parquet.read_table(path, columns=[name for name in _PARQUET_COLUMNS if name in schema.names])
    except (pyarrow.ArrowException, OSError):
        raise ResultsFault(f"{path} is not a Parquet file that can be read.", mend="Materialize it anew.") from None
    found = {field.name: _kind(field.type) for field in table.schema}
    wrong = [f"{name} ({kind})" for name, kind in _PARQUET_COLUMNS.items() if found.get(name) != kind]
    if wrong:
        raise ResultsFault(
            f"{path} is not a file of predictions: it lacks {', '.join(wrong)}, or has it of another type.",
            mend="Name a file below assets/predictions, or a results.jsonl.",
        )
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _kind(type_: pyarrow.DataType) -> str:
    from pyarrow import types

    if types.is_list(type_) or types.is_large_list(type_):
        no_answer_at_all = types.is_null(type_.value_type)
        return f"list of {'text' if no_answer_at_all else _kind(type_.value_type)}s"
    if types.is_string(type_) or types.is_large_string(type_):
        return "text"
    return "whole number" if types.is_integer(type_) else "other"
