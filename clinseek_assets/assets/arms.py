"""The arms: who looks for the evidence, and what may be seen. One entry gives a prediction and a score asset.

| arm | who looks for the evidence | what may be seen |
| --- | --- | --- |
| `curated` | nobody: it is given | the published context |
| `curated_strict` | nobody: it is given | the same window and layout, of what was known at the moment |
| `seeking` | the model, by tools | the record as it was known at the moment |
| `seeking_compat` | the model, by tools | the record under the published rule of time |

The arms differ in nothing else: sampling, reading of answers and client are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pandas

from clinseek_assets.assets.artifact import code_of
from clinseek_assets.assets.contexts import NAME as CONTEXTS
from clinseek_assets.assets.contexts import STRICT, path_of, strict_path_of
from clinseek_assets.assets.kept_class import kept_class
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.models.priors import CandidatePriors
from clinseek_assets.models.registry import Model
from clinseek_assets.records.pinned.pin import Policy
from clinseek_assets.resources.home import Home

if TYPE_CHECKING:
    from clinseek_assets.models.identities import Parts
    from clinseek_assets.models.keeping import Keeping

DATABASES = ("text_patient_databases", "reference_tables", "candidate_tables", "table_descriptions")
PRIORS = "candidate_priors"


@dataclass(frozen=True)
class Asked:
    """What an arm is asked: one model, the questions of one subtask, and how often each."""

    model: Model
    subtask: str
    questions: Sequence[Question]
    runs: int
    progress: Callable[[int, int], None] | None


@dataclass(frozen=True)
class Arm:
    """One arm of the text split.

    Attributes:
        name: the word in paths and tables; the assets are `text_<name>_predictions` and `text_<name>_scores`.
        description: who looks for the evidence and what may be seen.
        evidence: the assets that its answers rest on.
        inputs: fingerprints of that evidence for one subtask.
        answer: gives one row a question and run.
        parts: what shapes an answer to a question in a run today, by name, apart from the endpoint; None where the
            question has no evidence in this arm.
        code: a hash of the code that shapes its answers.
    """

    name: str
    description: str
    evidence: tuple[str, ...]
    inputs: Callable[[Home, str], Sequence[str]]
    answer: Callable[[Home, Asked], pandas.DataFrame]
    parts: Callable[[Home, Model, Question, int], Parts | None]
    code: str

    @property
    def predictions(self) -> str:
        """The key of its prediction asset."""
        return f"text_{self.name}_predictions"

    @property
    def scores(self) -> str:
        """The key of its score asset."""
        return f"text_{self.name}_scores"


def keeping_of(home: Home, arm: str, model: str) -> Keeping:
    """Where the calls of a model in an arm are kept, and what the campaign may cost."""
    from clinseek_assets.models.keeping import Keeping  # here, as below: what speaks to endpoints slows down loading

    return Keeping(
        journal=home.layout.journal("text", arm, model),
        ledger=home.layout.ledger,
        leases=home.layout.leases,
        caps=home.registry.campaign.caps,
    )


def class_of_what_leaves(home: Home, asked: Asked) -> DataClass:
    """The class of the data that a model is shown; nothing leaves for a baseline, so nothing has to be open for it."""
    return "credentialed" if asked.model.dialect == "baseline" else kept_class(home, [asked.subtask])


def given(home: Home, contexts: str, subtask: str) -> list[str]:
    """The contexts of the subtask, and the frequencies that baselines rest on."""
    return [home.receipts.content(contexts, subtask), home.receipts.content(PRIORS)]


def answer_given(home: Home, asked: Asked, *, arm: str, contexts: str) -> pandas.DataFrame:
    """The answers to contexts."""
    from clinseek_assets.models.curated_arm import answer_curated

    return answer_curated(
        asked.model,
        asked.questions,
        contexts_of(home, contexts, asked.subtask),
        keeping=keeping_of(home, arm, asked.model.name),
        priors=CandidatePriors.load(home.priors_file),
        arm=arm,
        runs=asked.runs,
        progress=asked.progress,
        data_class=class_of_what_leaves(home, asked),
    )


def contexts_of(home: Home, contexts: str, subtask: str) -> pandas.DataFrame:
    """The contexts of a subtask, as one of the two assets has them."""
    return home.read(contexts, subtask, (path_of if contexts == CONTEXTS else strict_path_of)(home, subtask))


def parts_given(home: Home, model: Model, question: Question, run: int, *, contexts: str) -> Parts | None:
    """What shapes the answer to a context."""
    from clinseek_assets.models.curated_arm import curated_parts, parts_alike

    frame = contexts_of(home, contexts, question.task)
    found = frame.loc[frame["qid"] == question.qid, "context_sha256"].dropna()
    return None if found.empty else curated_parts(parts_alike(model), question, str(found.iloc[0]), run)


def sought(home: Home, subtask: str) -> list[str]:
    """The databases, what their codes mean, the vocabularies, and the frequencies that baselines rest on."""
    return [home.receipts.content(name) for name in (*DATABASES, PRIORS)]


def answer_by_seeking(home: Home, asked: Asked, *, arm: str, policy: Policy) -> pandas.DataFrame:
    """The answers of a model that looks for the evidence itself."""
    from clinseek_assets.models.seeking_arm import answer_seeking
    from clinseek_assets.resources.record_tools import browser_library, record_tools

    data_class = class_of_what_leaves(home, asked)
    library = None if asked.model.dialect == "baseline" else browser_library(home, data_class)
    return answer_seeking(
        asked.model,
        asked.questions,
        arm=arm,
        tools=record_tools(home, policy, library),
        keeping=keeping_of(home, arm, asked.model.name),
        priors=CandidatePriors.load(home.priors_file),
        runs=asked.runs,
        progress=asked.progress,
        data_class=data_class,
    )


def parts_sought(home: Home, model: Model, question: Question, run: int, *, policy: Policy) -> Parts | None:
    """What shapes the answer of a model that looks for the evidence itself."""
    from clinseek_assets.models.seeking_arm import parts_alike, seeking_parts
    from clinseek_assets.resources.record_tools import browser_library, record_tools

    library = None if model.dialect == "baseline" else browser_library(home, kept_class(home))
    tools = record_tools(home, policy, library)
    record = tools.record_sha256(question)
    return None if record is None else seeking_parts(parts_alike(model, tools), question, record, run)


def curated(name: str, contexts: str, description: str) -> Arm:
    """An arm in which the evidence is given."""
    return Arm(
        name=name,
        description=description,
        evidence=(contexts, PRIORS),
        inputs=lambda home, subtask: given(home, contexts, subtask),
        answer=partial(answer_given, arm=name, contexts=contexts),
        parts=partial(parts_given, contexts=contexts),
        code=code_of("models", "contexts/prompts.py", "assets/arms.py"),
    )


def seeking(name: str, policy: Policy, description: str) -> Arm:
    """An arm in which the model has tools over the pinned record."""
    return Arm(
        name=name,
        description=description,
        evidence=(*DATABASES, PRIORS),
        inputs=sought,
        answer=partial(answer_by_seeking, arm=name, policy=policy),
        parts=partial(parts_sought, policy=policy),
        code=code_of("models", "records/tools", "records/pinned", "mimic/visibility", "assets/arms.py"),
    )


ARMS: dict[str, Arm] = {
    arm.name: arm
    for arm in (
        curated(
            "curated",
            CONTEXTS,
            "The model is shown the published context and answers in one turn, looking for nothing itself.",
        ),
        curated(
            "curated_strict",
            STRICT,
            "The model is shown the same window and layout, rendered from what was known at the moment, and answers in "
            "one turn.",
        ),
        seeking(
            "seeking",
            "strict",
            "The model has the EHR tools over the patient's record as it was known at the moment.",
        ),
        seeking(
            "seeking_compat",
            "compat",
            "The model has the EHR tools over the patient's record under the published rule of time; patient and "
            "moment are pinned all the same.",
        ),
    )
}
