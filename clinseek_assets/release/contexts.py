"""Whether each question has its row in the contexts of both curated arms, and each context is what was recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas
import pyarrow as pa

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.locations.layout import Layout
from clinseek_assets.release.checks import ANY, NAMED_ROWS, ReleaseCheck, count, row
from clinseek_assets.release.scope import Scope
from clinseek_assets.storage.fingerprint import of_file, of_text
from clinseek_assets.storage.receipts import ReceiptBook

# The arm whose contexts they are -> what their asset's name ends in.
ARMS = {"curated": "contexts", "curated_strict": "strict_contexts"}
COLUMNS = ["qid", "context", "context_sha256"]


def context_checks(split: str, questions: Sequence[Question], scope: Scope) -> Iterator[ReleaseCheck]:
    """Whether the contexts of these questions are there, have their own hash, and are the files that were recorded.

    Args:
        split: `text` or `multimodal`.
        questions: all of the split.
        scope: the home whose artifacts are looked at, and which of them must be there.
    """
    receipts = ReceiptBook(scope.layout.assets / "receipts")
    for arm, kind in ARMS.items():
        asset = f"{split}_{kind}"
        wanted = scope.subtasks(asset, questions)
        asked = [question for question in questions if question.task in wanted]
        kept = KeptContexts.read(split, arm, asked, scope.layout)
        what = f"{split}: {arm} contexts"
        yield count(f"{what} that are there", len(asked), len(asked) - len(kept.lacking), kept.lacking)
        yield count(f"{what} with their own hash", kept.rows, kept.rows - len(kept.altered), kept.altered)
        foreign = [subtask for subtask, path in kept.files.items() if receipts.content(asset, subtask) != of_file(path)]
        yield count(f"{what}: subtasks as recorded", len(kept.files), len(kept.files) - len(foreign), foreign)
        yield ReleaseCheck(f"{what}: rows without a text", ANY, len(kept.empty), True, tuple(kept.empty[:NAMED_ROWS]))


@dataclass(frozen=True)
class KeptContexts:
    """The contexts of one arm as they lie on disk.

    Attributes:
        files: subtask -> its file, as far as it can be read.
        rows: how many of the questions have a row.
        lacking: the questions without a row.
        altered: those whose text has another hash than is recorded beside it.
        empty: those for which no context could be made.
    """

    files: dict[str, Path]
    rows: int
    lacking: list[str]
    altered: list[str]
    empty: list[str]

    @classmethod
    def read(cls, split: str, arm: str, questions: Sequence[Question], layout: Layout) -> KeptContexts:
        """Look at the files of all subtasks that these questions have."""
        files: dict[str, Path] = {}
        texts: dict[str, tuple[str | None, str | None]] = {}
        for subtask in dict.fromkeys(question.task for question in questions):
            path = layout.contexts(split, arm, subtask)
            if (found := read_contexts(path)) is not None:
                files[subtask] = path
                texts |= found
        there = [question for question in questions if question.qid in texts]
        return cls(
            files=files,
            rows=len(there),
            lacking=[row(question) for question in questions if question.qid not in texts],
            altered=[row(question) for question in there if not has_its_hash(*texts[question.qid])],
            empty=[row(question) for question in there if texts[question.qid] == (None, None)],
        )


def read_contexts(path: Path) -> dict[str, tuple[str | None, str | None]] | None:
    """qid -> context and its recorded hash, both None where there is no context; None where the file cannot be read."""
    try:
        frame = pandas.read_parquet(path, columns=COLUMNS)
    except (OSError, ValueError, pa.ArrowException):
        return None
    cells = frame.astype(object).where(frame.notna(), None)
    return {qid: (text, recorded) for qid, text, recorded in cells.itertuples(index=False)}


def has_its_hash(text: str | None, recorded: str | None) -> bool:
    """Whether a context is the text whose hash was recorded beside it."""
    return recorded is None if text is None else of_text(text) == recorded
