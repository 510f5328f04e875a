"""The curated arms: each question with a context, one prompt, one answer.

`answer_curated` is one function for every model and for every kind of context. A question without a context has no
curated answer (`not_run`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging.pictures import PictureShelf
from clinseek_assets.imaging.troubles import ImageFault
from clinseek_assets.models import curated_answer
from clinseek_assets.models.agent.exchange import Step, shown_in, usage_of
from clinseek_assets.models.agent.loop import Sought
from clinseek_assets.models.agent.rules import Rules
from clinseek_assets.models.agent.tally import Tally
from clinseek_assets.models.agent.window import PLAIN
from clinseek_assets.models.answer_vocabulary import answer_vocabulary
from clinseek_assets.models.answered import Answered, predictions_frame
from clinseek_assets.models.arm_run import Piece, Progress, require_unique, run_arm
from clinseek_assets.models.baselines import PARTICIPANTS
from clinseek_assets.models.baselines.seekers import seeker_version
from clinseek_assets.models.completions import Completion
from clinseek_assets.models.curated_answer import parse_answer
from clinseek_assets.models.curated_prompts import PROMPTS
from clinseek_assets.models.egress import DataClass, admit
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.exhibits import Exhibition
from clinseek_assets.models.identities import Parts, identity_of, question_part
from clinseek_assets.models.keeping import Keeping
from clinseek_assets.models.messages import Caller, ChatRequest, Turn
from clinseek_assets.models.outcomes import ANSWERS, Outcome
from clinseek_assets.models.picture_tokens import tokens_of_pictures
from clinseek_assets.models.priors import CandidatePriors
from clinseek_assets.models.registry import Model
from clinseek_assets.storage import fingerprint

ARM = "curated"
SMALLER = 0.7  # of a context with which a prompt was refused as too long
MOST_SHRINKS = 5


@dataclass(frozen=True)
class Shown:
    """A context, its hash, and its length as a tokenizer has it (None: not counted)."""

    context: str
    sha256: str
    tokens: int | None


def answer_curated(
    model: Model,
    questions: Sequence[Question],
    contexts: pd.DataFrame,
    *,
    keeping: Keeping,
    priors: CandidatePriors | None,
    arm: str = ARM,
    runs: int = 1,
    progress: Progress | None = None,
    data_class: DataClass = "credentialed",
    pictures: PictureShelf | None = None,
) -> pd.DataFrame:
    """Answer questions with one model over their contexts.

    Args:
        model: an entry of the registry.
        questions: the questions, in the order in which the answers come back.
        contexts: columns qid, context (text or missing), context_sha256, and tokens where they are counted; a question
            without a context is `not_run`.
        keeping: where calls are kept and what they may cost; a baseline keeps and pays nothing.
        priors: frequencies of the candidates, for the baselines that rest on them.
        arm: the arm's name: whose contexts they are.
        runs: how many answers a question.
        progress: called with (done, all) after each answer.
        data_class: what the contexts and pictures are made from; credentialed data goes only to an attested endpoint.
        pictures: of multimodal questions, for models with vision; a question with an image that is not as it should be
            is `not_run`. Reports, where they are switched on, stand in the contexts.

    Returns:
        One row a question and run with the columns of `answered.COLUMNS`: `answer` is a list of names, empty unless the
        outcome is `finished` or `salvaged`; `identity` is the hash of all that shaped the answer, missing where there
        is none.

    Raises:
        EndpointFault: the endpoint is not configured, may not see the data, or refuses every question alike.
    """
    admit(model, data_class)
    require_unique(questions)
    shown = _shown(contexts)
    run_indices = range(1, runs + 1)
    alike = parts_alike(model)
    exhibition = Exhibition(model.vision, pictures)
    pieces = [
        Piece(question, run, curated_parts(alike, question, shown[question.qid].sha256, run, exhibited))
        for question in questions
        if question.qid in shown and (exhibited := exhibition.parts(question)) is not None
        for run in run_indices
    ]
    if model.dialect == "baseline":
        answered = _answer_by_baseline(model, pieces, shown, exhibition, priors, progress)
    else:
        asking = _Curated(model, shown, exhibition)
        answered = run_arm(model, arm, pieces, asking, keeping=keeping, priors=priors, progress=progress)
    return predictions_frame(model.name, arm, questions, run_indices, answered)


def parts_alike(model: Model) -> Parts:
    """What shapes all curated answers of a model alike, apart from the endpoint."""
    return {
        "reading": curated_answer.VERSION,
        "rules": fingerprint.of_value([model.context_window, model.sampling.max_tokens]),
    }


def curated_parts(
    alike: Parts, question: Question, context_sha256: str, run_index: int, exhibited: Parts | None = None
) -> Parts:
    """What shapes one curated answer, apart from the endpoint: what shapes all of them, and what is its own.

    Args:
        alike: of `parts_alike`.
        question, context_sha256, run_index: whose answer it is.
        exhibited: of `Exhibition.parts`.
    """
    return {
        **alike,
        "prompt": PROMPTS[question.split].version,
        "question": question_part(question),
        "context": context_sha256,
        "run": str(run_index),
        **(exhibited or {}),
    }


def _shown(contexts: pd.DataFrame) -> dict[str, Shown]:
    """qid -> context, of those that have one."""
    tokens = contexts["tokens"] if "tokens" in contexts else [None] * len(contexts)
    columns = zip(contexts["qid"], contexts["context"], contexts["context_sha256"], tokens, strict=True)
    return {
        qid: Shown(context, sha256, None if pd.isna(length) else int(length))
        for qid, context, sha256, length in columns
        if isinstance(context, str)
    }


def _answer_by_baseline(
    model: Model,
    pieces: Sequence[Piece],
    shown: Mapping[str, Shown],
    exhibition: Exhibition,
    priors: CandidatePriors | None,
    progress: Progress | None,
) -> dict[tuple[str, int], Answered]:
    """Ask a participant that runs in this process: deterministic, so it needs no journal."""
    participant = PARTICIPANTS[str(model.model_id)]
    own = {"baseline": seeker_version(participant.name), "priors": priors.fingerprint if priors else "none"}
    answered = {}
    for done, piece in enumerate(pieces, start=1):
        started = time.perf_counter()
        context, pictures = shown[piece.question.qid].context, exhibition.of(piece.question).pictures
        names = participant.answer(piece.question, context, priors, pictures)
        answered[piece.of_run] = Answered(
            outcome=Outcome.FINISHED,
            answer=tuple(names),
            answer_rule="baseline",
            context_sha256=shown[piece.question.qid].sha256,
            identity=identity_of({**piece.parts, **own}),
            rounds=0,
            seconds=time.perf_counter() - started,
        )
        if progress:
            progress(done, len(pieces))
    return answered


class _Curated:
    """How the curated arms ask: one prompt, one answer."""

    def __init__(self, model: Model, shown: Mapping[str, Shown], exhibition: Exhibition) -> None:
        self._shown = shown
        self._exhibition = exhibition
        self._rules = Rules.of(model)
        self._prices = model.prices

    async def __call__(self, piece: Piece, caller: Caller) -> Sought:
        """Ask once; after a refusal that its length can have caused, with less of the context."""
        shown = self._shown[piece.question.qid]
        try:
            exhibits = await self._exhibition.ready(piece.question)
        except ImageFault as fault:
            return Sought(Answered(Outcome.NOT_RUN, context_sha256=shown.sha256, error_kind=f"image_{fault.kind}"), ())
        written = PROMPTS[piece.question.split]
        keep = len(shown.context.encode())
        for shrinks in range(MOST_SHRINKS + 1):
            context = written.shorten(shown.context, keep)
            turn = Turn("user", written.write(piece.question, context, exhibits), images=exhibits.pictures)
            tokens = self._tokens(turn, shown)
            try:
                completion = await self._ask(piece, caller, turn, self._rules.answer_tokens(tokens))
            except CallError as failure:
                if shrinks < MOST_SHRINKS and self._rules.may_be_too_long(failure.kind, tokens):
                    keep = self._smaller(keep, tokens)
                    continue
                answered = replace(Answered.of_failure(failure.kind), context_sha256=shown.sha256)
                return Sought(answered, (_step(turn),))
            return self._sought(piece.question, shown, turn, completion, notices=int(context != shown.context))
        raise AssertionError("the last try returns")

    def _tokens(self, turn: Turn, shown: Shown) -> int:
        """About how many tokens a prompt has, by its bytes and what the context's own bytes have been counted to."""
        size = len(turn.text.encode())
        counted = shown.tokens / max(1, len(shown.context.encode())) if shown.tokens else PLAIN
        return round(size * counted) + tokens_of_pictures(turn.images)

    def _smaller(self, keep: int, tokens: int) -> int:
        """The bytes of context to keep after a prompt of so many tokens was refused."""
        limit = self._rules.prompt_limit
        fitting = limit / tokens if limit else SMALLER
        return round(keep * min(SMALLER, fitting))

    async def _ask(self, piece: Piece, caller: Caller, turn: Turn, most: int | None) -> Completion:
        """The key is a list, not its hash, so that answers out of journals of format 1 are found (`full_key`)."""
        asked = [piece.question.qid, turn.text, piece.run_index, *([] if most is None else [most])]
        if turn.images:
            asked.append([[picture.caption, picture.sha256] for picture in turn.images])
        request = ChatRequest((turn,), piece.place[0], max_tokens=most)
        return await caller.ask(request, json.dumps(asked, ensure_ascii=False))

    def _sought(self, question: Question, shown: Shown, turn: Turn, completion: Completion, notices: int) -> Sought:
        tally = Tally(self._prices, notices=notices)
        tally.add(completion)
        said = Step("assistant", completion.text, reasoning=completion.reasoning, usage=usage_of(completion))
        read = replace(read_answer(completion, question), context_sha256=shown.sha256)
        return Sought(tally.counted(read), (_step(turn), said))


def _step(turn: Turn) -> Step:
    return Step("user", turn.text, pictures=shown_in(turn.images))


def read_answer(completion: Completion, question: Question) -> Answered:
    """What a completion means as an answer: refused and truncated ones are the model's own, and no answers."""
    parsed = parse_answer(
        completion.text,
        question.candidates,
        reasoning=completion.reasoning,
        vocabulary=answer_vocabulary(question),
    )
    if completion.refused:
        outcome = Outcome.REFUSED
    elif completion.truncated:
        outcome = Outcome.TRUNCATED
    elif not parsed.answers:
        outcome = Outcome.UNPARSABLE
    else:
        outcome = Outcome.FINISHED if parsed.by_contract else Outcome.SALVAGED
    counts = outcome in ANSWERS
    return Answered(outcome, parsed.answers if counts else (), parsed.rule if counts else None)
