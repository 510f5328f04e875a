"""The seeking arms: each question with tools over its patient's record, and rounds until an answer.

`answer_seeking` is one function for every model: an endpoint, or a baseline that calls the same tools through the same
loop. A question whose patient has no database is not asked (`not_run`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import replace
from functools import cache
from typing import cast

import pandas as pd

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging.pictures import PictureShelf
from clinseek_assets.imaging.troubles import ImageFault
from clinseek_assets.models import curated_answer, picture_tokens
from clinseek_assets.models.agent import (
    arguments,
    loop,
    names,
    text_calls,
    text_tools,
    transcript,
    unseeing,
    window,
)
from clinseek_assets.models.agent.loop import Sought, seek
from clinseek_assets.models.agent.openings import prompt_version
from clinseek_assets.models.agent.rules import Rules
from clinseek_assets.models.agent.threads import on_a_thread
from clinseek_assets.models.agent.tool_source import ToolSource
from clinseek_assets.models.agent.unseeing import UnseeingTools
from clinseek_assets.models.answered import Answered, predictions_frame
from clinseek_assets.models.arm_run import Piece, Progress, require_unique, run_arm
from clinseek_assets.models.egress import DataClass, admit
from clinseek_assets.models.exhibits import MULTIMODAL, Exhibition, Reports
from clinseek_assets.models.identities import Parts, question_part
from clinseek_assets.models.keeping import Keeping
from clinseek_assets.models.messages import Caller
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.models.priors import CandidatePriors
from clinseek_assets.models.registry import Model
from clinseek_assets.records.pinned.pin import Policy
from clinseek_assets.records.pinned.versions import policy_version
from clinseek_assets.records.tools.specs import Toolbox
from clinseek_assets.storage import fingerprint

LOOP = (arguments, loop, names, picture_tokens, text_calls, text_tools, transcript, unseeing, window)


def answer_seeking(
    model: Model,
    questions: Sequence[Question],
    *,
    arm: str,
    tools: ToolSource,
    keeping: Keeping,
    priors: CandidatePriors | None,
    runs: int = 1,
    progress: Progress | None = None,
    data_class: DataClass = "credentialed",
    pictures: PictureShelf | None = None,
    reports: Reports | None = None,
) -> pd.DataFrame:
    """Answer questions with one model that looks for the evidence itself.

    Args:
        model: an entry of the registry.
        questions: the questions, in the order in which the answers come back.
        arm: the arm's name.
        tools: where the tools of a question come from, and under which policy of time.
        keeping: where calls are kept and what they may cost.
        priors: frequencies of the candidates, for the baselines that rest on them.
        runs: how many answers a question.
        progress: called with (done, all) after each answer.
        data_class: what the records and pictures are made from; credentialed data goes only to an attested endpoint.
        pictures: of multimodal questions, for models with vision; a question with an image that is not as it should be
            is `not_run`.
        reports: the texts of multimodal questions' reports, or None: switched off, as the curated arms have to be.

    Returns:
        One row a question and run with the columns of `answered.COLUMNS`, as `answer_curated` gives them.

    Raises:
        EndpointFault: the endpoint is not configured, may not see the data, or refuses every question alike.
        DatabaseFault: a record is damaged.
    """
    admit(model, data_class)
    require_unique(questions)
    run_indices = range(1, runs + 1)
    records = {question.qid: tools.record_sha256(question) for question in questions}
    alike = parts_alike(model, tools)
    exhibition = Exhibition(model.vision, pictures, reports)
    pieces = [
        Piece(question, run, seeking_parts(alike, question, record, run, exhibited))
        for question in questions
        if (record := records[question.qid]) is not None and (exhibited := exhibition.parts(question)) is not None
        for run in run_indices
    ]
    asking = _Seeking(model, tools, exhibition)
    answered = run_arm(model, arm, pieces, asking, keeping=keeping, priors=priors, progress=progress)
    return predictions_frame(model.name, arm, questions, run_indices, answered)


def parts_alike(model: Model, tools: ToolSource) -> Parts:
    """What shapes all answers of a model in a seeking arm alike, apart from the endpoint."""
    return {
        "reading": curated_answer.VERSION,
        "policy": tools.policy,  # of which `seeking_parts` makes the hash of the question's dataset
        "tools": tools.version,
        "loop": loop_version(),
        "rules": fingerprint.of_value(Rules.of(model).as_json()),
    }


def seeking_parts(
    alike: Parts, question: Question, record_sha256: str, run_index: int, exhibited: Parts | None = None
) -> Parts:
    """What shapes one answer in a seeking arm, apart from the endpoint: what shapes all, and what is its own.

    Args:
        alike: of `parts_alike`.
        question, record_sha256, run_index: whose answer it is.
        exhibited: of `Exhibition.parts`.
    """
    return {
        **alike,
        "policy": _policy_version(cast(Policy, alike["policy"]), question.dataset),
        "prompt": prompt_version(question.split),
        "question": question_part(question),
        "record": record_sha256,
        "run": str(run_index),
        **(exhibited or {}),
    }


_policy_version = cache(policy_version)


@cache
def loop_version() -> str:
    """The hash of the code that leads an exchange."""
    return fingerprint.of_code(*LOOP)


class _Seeking:
    """How the seeking arms ask: over an open record, for as long as the exchange takes."""

    def __init__(self, model: Model, tools: ToolSource, exhibition: Exhibition) -> None:
        self._rules = Rules.of(model)
        self._prices = model.prices
        self._tools = tools
        self._exhibition = exhibition

    async def __call__(self, piece: Piece, caller: Caller) -> Sought:
        try:
            exhibits = await self._exhibition.ready(piece.question)
        except ImageFault as fault:
            return Sought(Answered(Outcome.NOT_RUN, error_kind=f"image_{fault.kind}"), ())
        unseeing = piece.question.split == MULTIMODAL and not exhibits.vision
        async with _open(self._tools.opened(piece.question)) as toolbox:
            sought = await seek(
                piece.question,
                UnseeingTools(toolbox) if unseeing else toolbox,
                caller,
                self._rules,
                policy=self._tools.policy,
                run_index=piece.run_index,
                prices=self._prices,
                exhibits=exhibits,
            )
        return replace(sought, answered=replace(sought.answered, record_sha256=piece.parts["record"]))


@asynccontextmanager
async def _open(tools: AbstractContextManager[Toolbox]) -> AsyncIterator[Toolbox]:
    """Tools that are opened and closed beside the event loop."""
    toolbox = await on_a_thread(tools.__enter__)
    try:
        yield toolbox
    finally:
        await on_a_thread(lambda: tools.__exit__(None, None, None))
