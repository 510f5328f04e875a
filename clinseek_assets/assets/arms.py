"""The arms: who looks for the evidence, and what may be seen. One entry gives a prediction and a score asset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas

from clinseek_assets.assets.artifact import code_of
from clinseek_assets.assets.contexts import NAME as CONTEXTS
from clinseek_assets.assets.contexts import path_of
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.models.priors import CandidatePriors
from clinseek_assets.models.registry import Model
from clinseek_assets.resources.home import Home


@dataclass(frozen=True)
class Asked:
    """What an arm is asked: one model, the questions of one subtask, and where its calls are kept."""

    model: Model
    subtask: str
    questions: Sequence[Question]
    journal: Path
    run_index: int
    progress: Callable[[int, int], None] | None


@dataclass(frozen=True)
class Arm:
    """One arm of the text split.

    Attributes:
        name: the word in paths and tables; the assets are `text_<name>_predictions` and `text_<name>_scores`.
        description: who looks for the evidence and what may be seen.
        evidence: the assets that its answers rest on.
        inputs: fingerprints of that evidence for one subtask.
        answer: gives one row a question.
        code: a hash of the code that shapes its answers.
    """

    name: str
    description: str
    evidence: tuple[str, ...]
    inputs: Callable[[Home, str], Sequence[str]]
    answer: Callable[[Home, Asked], pandas.DataFrame]
    code: str

    @property
    def predictions(self) -> str:
        """The key of its prediction asset."""
        return f"text_{self.name}_predictions"

    @property
    def scores(self) -> str:
        """The key of its score asset."""
        return f"text_{self.name}_scores"


def curated_inputs(home: Home, subtask: str) -> list[str]:
    """The contexts of the subtask, and the frequencies that baselines rest on."""
    return [home.receipts.content(CONTEXTS, subtask), home.receipts.content("candidate_priors")]


def curated_answers(home: Home, asked: Asked) -> pandas.DataFrame:
    """The answers to the published contexts."""
    from clinseek_assets.models.curated_arm import answer_curated  # here: its clients slow down loading the graph

    return answer_curated(
        asked.model,
        asked.questions,
        home.read(CONTEXTS, asked.subtask, path_of(home, asked.subtask)),
        journal=asked.journal,
        priors=CandidatePriors.load(home.priors_file),
        run_index=asked.run_index,
        progress=asked.progress,
        data_class=home.data_class,
    )


ARMS: dict[str, Arm] = {
    arm.name: arm
    for arm in (
        Arm(
            name="curated",
            description="The model is shown the published context and answers in one turn, looking for nothing itself.",
            evidence=(CONTEXTS, "candidate_priors"),
            inputs=curated_inputs,
            answer=curated_answers,
            code=code_of("models", "contexts/prompts.py", "assets/arms.py"),
        ),
    )
}
