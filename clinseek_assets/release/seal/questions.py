"""The questions themselves and their contexts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.locations.layout import Layout
from clinseek_assets.release.contexts import ARMS, read_contexts
from clinseek_assets.release.seal.canonical import of_value
from clinseek_assets.release.seal.parts import Part

# Where a context comes from that is not rendered from the record.
GIVEN = {"text": ("text_manifest", "ehr_bench"), "multimodal": ("multimodal_manifest",)}


def question_part(questions: Sequence[Question]) -> Part:
    """All that the manifest says of each question: whom it asks about, when, what, and its gold."""
    split = questions[0].split
    return Part(f"{split}_manifest", split, (f"{split}_manifest",), tuple(map(question_content, questions)))


def question_content(question: Question) -> bytes:
    """The digest of a question; its place is told by where the digest stands."""
    told = asdict(question)
    del told["row_number"]
    return of_value(told)


def context_parts(questions: Sequence[Question], layout: Layout) -> Iterator[Part]:
    """The published and the strict context of each question, or that there is none."""
    split = questions[0].split
    for arm, kind in ARMS.items():
        texts: dict[str, str | None] = {}
        for subtask in dict.fromkeys(question.task for question in questions):
            found = read_contexts(layout.contexts(split, arm, subtask)) or {}
            texts |= {qid: text for qid, (text, _) in found.items()}
        contents = (of_value(texts[one.qid]) if one.qid in texts else None for one in questions)
        yield Part(f"{split}_{kind}", split, GIVEN[split], tuple(contents), follows=True)
