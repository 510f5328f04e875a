"""Every answer of a home with its score, as one frame: out of predictions, scores, and journals of runs that go on.

Only the columns that filters and cells need are read. The frame is kept until a file is written anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import polars

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.faults import ResultsFault
from clinseek_assets.locations.layout import Layout, in_a_name
from clinseek_assets.models.journal_reading import reading
from clinseek_assets.storage.fingerprint import of_text

STRICT = "strict"
KEY = ("model", "arm", "qid", "run_index")
COLUMNS = {
    "split": polars.String,
    "model": polars.String,
    "arm": polars.String,
    "subtask": polars.String,
    "qid": polars.String,
    "row_number": polars.Int64,
    "run_index": polars.Int64,
    "outcome": polars.String,
    "f1": polars.Float64,
}
"""The columns of the frame: one row an answer. `f1` is the strict one, null where an answer has no score (yet)."""

Stamps = frozenset[tuple[str, int, int]]


class AnswerIndex:
    """The answers of one home; may be asked by several threads.

    Args:
        layout: where the home's files lie.
        questions: gives split -> its questions, as they are now.
        models: names of models; a folder's name alone does not tell where a `/` was.
    """

    def __init__(
        self, layout: Layout, questions: Callable[[], Mapping[str, Sequence[Question]]], models: Sequence[str]
    ) -> None:
        self._layout = layout
        self._questions_now = questions
        self._named = {in_a_name(name): name for name in models}
        self._lock = threading.Lock()
        self._stamps: Stamps | None = None
        self._frame = polars.DataFrame(schema=COLUMNS)

    def frame(self) -> polars.DataFrame:
        """All answers as they lie there now; its columns are `COLUMNS`.

        Raises:
            ResultsFault: a file of predictions or scores is damaged.
            EndpointFault: a journal is.
        """
        with self._lock:
            questions = self._questions_now()
            files = {split: self._files(split) for split in questions}
            stamps = frozenset(stamp for of_split in files.values() for path in of_split for stamp in _stamps(path))
            if stamps != self._stamps:
                frames = [self._of_split(split, paths, questions[split]) for split, paths in files.items()]
                self._frame = polars.concat(frames) if frames else self._frame
                self._stamps = stamps
            return self._frame

    def _files(self, split: str) -> list[Path]:
        """Predictions, scores and journals of a split."""
        layout, every = self._layout, "*"
        patterns = (
            layout.predictions(split, every, every, every),
            layout.scores(split, every, every, every),
            layout.journal(split, every, every),
        )
        return sorted(path for each in patterns for path in layout.home.glob(each.relative_to(layout.home).as_posix()))

    def _of_split(self, split: str, paths: Sequence[Path], questions: Sequence[Question]) -> polars.DataFrame:
        scores_of_split = self._layout.scores(split, "any", "any", "any").parents[2]
        tables = [path for path in paths if path.suffix == ".parquet"]
        scored = [path for path in tables if path.is_relative_to(scores_of_split)]
        answered = _predictions([path for path in tables if path not in set(scored)])
        waiting = self._in_journals(questions, [path for path in paths if path not in set(tables)], answered)
        return (
            polars.concat([answered, waiting])
            .join(_strict_scores(scored), on=KEY, how="left")
            .select(polars.lit(split).alias("split"), *(name for name in COLUMNS if name != "split"))
        )

    def _in_journals(
        self, questions: Sequence[Question], journals: Sequence[Path], answered: polars.DataFrame
    ) -> polars.DataFrame:
        """The answers that only a journal has: of a sample, or of a partition that is not finished."""
        asked = {of_text(question.qid): question for question in questions}
        known = set(answered.select(KEY).rows())
        rows = [row for path in journals for row in self._of_journal(path, asked, known)]
        return polars.DataFrame(rows, schema=answered.schema, orient="row")

    def _of_journal(
        self, path: Path, asked: Mapping[str, Question], known: set[tuple[object, ...]]
    ) -> Iterator[tuple[object, ...]]:
        arm, model = path.parents[1].name, self._named.get(path.parent.name, path.parent.name)
        with reading(path) as journal:
            for qid_sha256, run in sorted(journal.places()):
                question = asked.get(qid_sha256)
                if question is None or (model, arm, question.qid, run) in known:
                    continue
                document = journal.identity(qid_sha256, run) or {}
                outcome = document.get("answered", {}).get("outcome")
                yield model, arm, question.task, question.qid, question.row_number, run, outcome


def _stamps(path: Path) -> Iterator[tuple[str, int, int]]:
    """What changes when a file is written: of a journal, its log beside it as well."""
    for each in (path, path.with_name(f"{path.name}-wal")) if path.suffix == ".sqlite" else (path,):
        try:
            found = each.stat()
        except FileNotFoundError:  # a run that ends at this moment takes its log away
            continue
        yield str(each), found.st_mtime_ns, found.st_size


def _predictions(paths: Sequence[Path]) -> polars.DataFrame:
    return _read(paths, [name for name in COLUMNS if name not in ("split", "f1")])


def _strict_scores(paths: Sequence[Path]) -> polars.DataFrame:
    strict = (polars.col("mode") == STRICT) & polars.col("scored")
    return _read(paths, [*KEY, "f1"], strict).unique(KEY, keep="last")


def _read(paths: Sequence[Path], columns: Sequence[str], wanted: polars.Expr | bool = True) -> polars.DataFrame:
    """Some columns of the wanted rows of many files, in the types of `COLUMNS`."""
    schema = {name: COLUMNS[name] for name in columns}
    if not paths:
        return polars.DataFrame(schema=schema)
    try:
        rows = polars.scan_parquet(list(paths), extra_columns="ignore").filter(wanted)
        return rows.select(polars.col(name).cast(dtype) for name, dtype in schema.items()).collect()
    except (polars.exceptions.PolarsError, OSError) as error:
        raise ResultsFault(
            f"A file of answers or scores below {paths[0].parents[2]} cannot be read ({type(error).__name__}).",
            mend="Run `clinseek evaluate` again: it replaces what is damaged. Then load the page anew.",
        ) from None
