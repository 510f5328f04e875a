"""Baselines that seek: network-free participants as callers of the agent loop, with the tools that every model gets.

A seeker looks at the turns of a request and at nothing else, so that a replayed exchange goes on as the first time did.
It loads the record, asks for the evidence in a few statements at once (`lookups`; of multimodal questions
`multimodal/record_lookups`), reads on where a reply announces more, and finishes with the answers that its participant
gives on what was found, and on the pictures that the exchange began with. A floor row, and whoever is asked what images
alone can tell, finishes at once. The question itself comes from the manifest, found by its hash, with everything taken
off that tells the answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts import timeline_text
from clinseek_assets.contexts.timeline_text import Block
from clinseek_assets.imaging import appearance, chest_frame
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.models.baselines import (
    PARTICIPANTS,
    decisions,
    evidence,
    evidence_seen,
    floors,
    lookups,
    participant,
    risk_rules,
    risks,
)
from clinseek_assets.models.baselines.evidence_seen import Evidence
from clinseek_assets.models.baselines.multimodal import (
    films,
    judgements,
    mortality,
    phenotypes,
    record_blocks,
    record_lookups,
    xray_answers,
    xray_questions,
    xray_words,
)
from clinseek_assets.models.completions import Completion, ToolCall
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.exhibits import MULTIMODAL
from clinseek_assets.models.messages import Caller, ChatRequest, Turn
from clinseek_assets.models.priors import CandidatePriors
from clinseek_assets.records.tools.reading_rows import parse_table
from clinseek_assets.records.tools.specs import Picture
from clinseek_assets.storage import fingerprint

LOAD, QUERY, FINISH = "ehr.load_ehr", "ehr.run_sql_query", "ehr.finish"
MOST_CALLS = 12  # a question, the first and the last included
# «labevents: 1,204», «| labevents | 1204 |», «labevents (1,204 rows)» in a reply to `load_ehr`
ROWS_OF_A_TABLE = re.compile(r"\b([a-z_]+)\b[^\w\n]+([\d,]+)")
NEXT_PAGE = re.compile(r"\bask (?:for )?page (\d+)", re.IGNORECASE)
OF_BOTH_SPLITS = (timeline_text, decisions, evidence, evidence_seen, floors, lookups, participant, risk_rules, risks)
OF_PICTURES_AND_RECORDS = (
    *(appearance, chest_frame, films, judgements, mortality, phenotypes, record_blocks, record_lookups),
    *(xray_answers, xray_questions, xray_words),
)


@dataclass(frozen=True)
class Exchanged:
    """One call that was made, and the reply; "" where it failed or has none yet."""

    call: ToolCall
    reply: str

    @property
    def arguments(self) -> dict[str, Any]:
        """What was asked."""
        arguments: dict[str, Any] = json.loads(self.call.arguments)
        return arguments


class Seeker:
    """A participant as a caller.

    Args:
        name: of the participant.
        questions: those that it may be asked.
        priors: frequencies of the candidates, for the rules that rest on them.
    """

    def __init__(self, name: str, questions: Iterable[Question], priors: CandidatePriors | None) -> None:
        self._participant = PARTICIPANTS[name]
        self._questions = {fingerprint.of_text(asked.qid): _without_answer(asked) for asked in questions}
        self._priors = priors

    async def ask(self, request: ChatRequest, call_key: str) -> Completion:
        """The next calls; see `messages.Caller`. It costs nothing, so that `call_key` is not needed.

        Raises:
            CallError: the request is not about one of its questions.
            EndpointFault: a rule that rests on frequencies has none.
        """
        if request.qid_sha256 not in self._questions:
            raise CallError("unknown_question", again=False)
        question = self._questions[request.qid_sha256]
        done = exchanged(request.turns)
        asked = [] if request.must_call or self._participant.kind == "floor" else next_calls(question, done)
        calls = asked or [(FINISH, {"response": self._answers(question, request.turns, done)})]
        return Completion(
            text="",
            reasoning="",
            finish_reason="tool_calls",
            refused=False,
            prompt_tokens=None,
            completion_tokens=None,
            seconds=0.0,
            tool_calls=tuple(
                ToolCall(f"call_{number}", name, json.dumps(arguments))
                for number, (name, arguments) in enumerate(calls, start=len(done) + 1)
            ),
        )

    def _answers(self, question: Question, turns: Sequence[Turn], done: Sequence[Exchanged]) -> list[str]:
        shown = () if self._participant.kind == "floor" else pictures_in(turns)
        return self._participant.judge(question, Evidence(evidence_in(question, done), shown), self._priors)


def seeker(name: str, questions: Iterable[Question], priors: CandidatePriors | None) -> Caller:
    """The participant of that name as a caller for these questions."""
    return Seeker(name, questions, priors)


def seeker_version(name: str) -> str:
    """A hash of everything but the priors that shapes what a seeker asks and answers: part of an answer's identity."""
    code = fingerprint.of_code(*OF_BOTH_SPLITS, *OF_PICTURES_AND_RECORDS)
    words = fingerprint.of_file(xray_words.FILE)
    return fingerprint.of_value([name, PARTICIPANTS[name].version, code, words, MOST_CALLS])


def _without_answer(question: Question) -> Question:
    """The question as a participant may know it: no label, and no text or note of the manifest's.

    What a multimodal question asks stands in its text alone, and no evidence is in it; so it stays.
    """
    asked = question.question if question.split == MULTIMODAL else None
    return replace(question, label=None, gold=(), input=None, question=asked, decided=None, extra={})


def exchanged(turns: Sequence[Turn]) -> list[Exchanged]:
    """The calls of an exchange with their replies, in their order."""
    replies = {turn.call_id: turn.text for turn in turns if turn.role == "tool" and not turn.failed}
    calls = [call for turn in turns if turn.role == "assistant" for call in turn.tool_calls]
    return [Exchanged(call, replies.get(call.id, "")) for call in calls]


def next_calls(question: Question, done: Sequence[Exchanged]) -> list[tuple[str, dict[str, Any]]]:
    """The calls to make now, as names and arguments; none where all that is wanted has been asked for."""
    if question.split == MULTIMODAL and not record_lookups.looks_up(question):
        return []
    patient = {"subject_id": str(question.subject_id)}
    if not done:
        return [(LOAD, {**patient, "timestamp": str(question.prediction_time)})]
    if len(done) == 1:
        tables = tables_in(done[0].reply, question.dataset)
        return [(QUERY, {**patient, "sql_query": statement}) for statement in _statements(question, tables)]
    return _further_pages(done)[: MOST_CALLS - 1 - len(done)]


def _statements(question: Question, tables: set[str]) -> list[str]:
    if not tables:
        return []
    if question.split == MULTIMODAL:
        return record_lookups.statements(question, tables)
    return lookups.statements(question.task, tables, question.prediction_time)


def tables_in(reply: str, dataset: str = "mimic_iv") -> set[str]:
    """The tables of a dataset's records that a reply to `load_ehr` says have rows."""
    known = CATALOGUES[dataset].patient_tables
    return {name for name, count in ROWS_OF_A_TABLE.findall(reply) if name in known and count.strip("0,")}


def evidence_in(question: Question, done: Sequence[Exchanged]) -> list[Block]:
    """What the replies to all statements show, as a context's blocks."""
    replies = (exchange.reply for exchange in done if exchange.call.name == QUERY and exchange.reply)
    rows = [row for reply in replies for row in parse_table(reply)]
    return record_blocks.blocks_of(rows) if question.split == MULTIMODAL else lookups.blocks_of(lookups.found_in(rows))


def pictures_in(turns: Sequence[Turn]) -> tuple[Picture, ...]:
    """The pictures that an exchange began with: those of the question."""
    said = next((place for place, turn in enumerate(turns) if turn.role == "assistant"), len(turns))
    return tuple(picture for turn in turns[:said] for picture in turn.images)


def _further_pages(done: Sequence[Exchanged]) -> list[tuple[str, dict[str, Any]]]:
    """The pages that replies announce and nobody has asked for yet."""
    asked = [exchange.arguments for exchange in done if exchange.call.name == QUERY]
    announced = [
        {**exchange.arguments, "page": int(page[1])}
        for exchange in done
        if exchange.call.name == QUERY and (page := NEXT_PAGE.search(exchange.reply))
    ]
    return [(QUERY, arguments) for arguments in announced if arguments not in asked]
