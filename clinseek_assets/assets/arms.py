"""The arms: who looks for the evidence, and what may be seen. One entry gives a prediction and a score asset a split.

| arm | who looks for the evidence | what may be seen |
| --- | --- | --- |
| `curated` | nobody: it is given | the published context |
| `curated_strict` | nobody: it is given | the same window and layout, of what was known at the moment |
| `seeking` | the model, by tools | the record as it was known at the moment |
| `seeking_compat` | the model, by tools | the record under the published rule of time |

The arms differ in nothing else: sampling, reading of answers and client are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pandas

from clinseek_assets.assets.artifact import code_of
from clinseek_assets.assets.campaign_settings import CAMPAIGN_SETTINGS
from clinseek_assets.assets.image_links import IMAGES, REPORTS
from clinseek_assets.assets.kept_class import kept_class
from clinseek_assets.assets.multimodal_contexts import report_texts
from clinseek_assets.assets.observed import Source
from clinseek_assets.assets.splits import MULTIMODAL, SPLITS, TEXT, Split
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.models.call_tally import CallTally
from clinseek_assets.models.priors import CandidatePriors
from clinseek_assets.models.registry import Model
from clinseek_assets.records.pinned.pin import Policy
from clinseek_assets.resources.home import Home, image_files

if TYPE_CHECKING:
    from clinseek_assets.imaging.pictures import PictureShelf
    from clinseek_assets.models.agent.tool_source import ToolSource
    from clinseek_assets.models.identities import Parts
    from clinseek_assets.models.keeping import Keeping

DATABASES = {
    "text": ("text_patient_databases", "reference_tables", "candidate_tables", "table_descriptions"),
    "multimodal": (
        *("ehrxqa_patient_databases", "medmod_patient_databases", "ehrxqa_reference_tables"),
        "medmod_reference_tables",
    ),
}
# What besides `models` shapes answers.
CURATED_CODE = {
    "text": ("contexts/prompts.py",),
    "multimodal": ("contexts/multimodal_prompts.py", "contexts/shortened_record.py", "imaging"),
}
_RECORDS = ("records/tools", "records/pinned", "mimic/visibility")
SEEKING_CODE = {"text": _RECORDS, "multimodal": (*_RECORDS, "imaging")}
PRIORS = "candidate_priors"


@dataclass(frozen=True)
class Asked:
    """What an arm is asked: one model, questions of one subtask, and how often each; `tally` counts the calls."""

    model: Model
    subtask: str
    questions: Sequence[Question]
    runs: int
    progress: Callable[[int, int], None] | None
    tally: CallTally = field(default_factory=CallTally)


@dataclass(frozen=True)
class Arm:
    """One arm of a split.

    Attributes:
        split: whose questions are asked.
        name: the word in paths and tables; the assets are `<split>_<name>_predictions` and `<split>_<name>_scores`.
        description: who looks for the evidence and what may be seen.
        evidence: the assets that its answers rest on.
        sources: what else they rest on, besides the registry of models.
        inputs: fingerprints of that evidence for one subtask.
        answer: gives one row a question and run.
        parts: what shapes an answer to a question in a run today, by name, apart from the endpoint; None where the
            question has no evidence in this arm.
        code: a hash of the code that shapes its answers.
    """

    split: Split
    name: str
    description: str
    evidence: tuple[str, ...]
    sources: tuple[Source, ...]
    inputs: Callable[[Home, str], Sequence[str]]
    answer: Callable[[Home, Asked], pandas.DataFrame]
    parts: Callable[[Home, Model, Question, int], Parts | None]
    code: str

    @property
    def predictions(self) -> str:
        """The key of its prediction asset."""
        return f"{self.split.name}_{self.name}_predictions"

    @property
    def scores(self) -> str:
        """The key of its score asset."""
        return f"{self.split.name}_{self.name}_scores"

    @property
    def strict(self) -> bool:
        """Whether it is shown what was known at the moment, and nothing more."""
        return self.name in ("curated_strict", "seeking")


def keeping_of(home: Home, split: Split, arm: str, model: str, tally: CallTally | None = None) -> Keeping:
    """Where the calls of a model in an arm are kept and counted, and what the campaign may cost."""
    from clinseek_assets.models.keeping import Keeping  # here, as below: what speaks to endpoints slows down loading

    return Keeping(
        journal=home.layout.journal(split.name, arm, model),
        ledger=home.layout.ledger,
        leases=home.leases,
        caps=home.registry.campaign.caps,
        shared=home.rows,
        claims=home.claims,
        tally=tally or CallTally(),
    )


def class_of_what_leaves(home: Home, split: Split, asked: Asked) -> DataClass:
    """The class of the data that a model is shown; nothing leaves for a baseline, so nothing has to be open for it."""
    return "credentialed" if asked.model.dialect == "baseline" else kept_class(home, split, [asked.subtask])


def pictures_fingerprint(home: Home, split: Split, subtask: str) -> list[str]:
    """The linked images of a subtask; text questions have none."""
    return [home.receipts.content(IMAGES, subtask)] if split is MULTIMODAL else []


def pictures_of(home: Home, split: Split, subtask: str) -> PictureShelf | None:
    """The pictures of a subtask's questions; None in the text split."""
    from clinseek_assets.imaging.pictures import PictureShelf

    if split is not MULTIMODAL:
        return None
    links = home.read(IMAGES, subtask, home.layout.links(IMAGES, subtask))
    return PictureShelf(links, home.layout.prepared_images)


def given(home: Home, split: Split, contexts: str, subtask: str) -> list[str]:
    """The contexts of the subtask, its pictures, and the frequencies that baselines rest on."""
    return [
        home.receipts.content(contexts, subtask),
        *pictures_fingerprint(home, split, subtask),
        home.receipts.content(PRIORS),
    ]


def answer_given(home: Home, asked: Asked, *, split: Split, arm: str, contexts: str) -> pandas.DataFrame:
    """The answers to contexts."""
    from clinseek_assets.models.curated_arm import answer_curated

    return answer_curated(
        asked.model,
        asked.questions,
        contexts_of(home, split, arm, contexts, asked.subtask),
        keeping=keeping_of(home, split, arm, asked.model.name, asked.tally),
        priors=CandidatePriors.load(home.priors_file),
        arm=arm,
        runs=asked.runs,
        progress=asked.progress,
        data_class=class_of_what_leaves(home, split, asked),
        pictures=pictures_of(home, split, asked.subtask),
    )


def contexts_of(home: Home, split: Split, arm: str, contexts: str, subtask: str) -> pandas.DataFrame:
    """The contexts of a subtask in an arm, as the asset of that name has them."""
    return home.read(contexts, subtask, home.layout.contexts(split.name, arm, subtask))


def parts_given(
    home: Home, model: Model, question: Question, run: int, *, split: Split, arm: str, contexts: str
) -> Parts | None:
    """What shapes the answer to a context."""
    from clinseek_assets.models.curated_arm import curated_parts, parts_alike
    from clinseek_assets.models.exhibits import Exhibition

    frame = contexts_of(home, split, arm, contexts, question.task)
    found = frame.loc[frame["qid"] == question.qid, "context_sha256"].dropna()
    exhibited = Exhibition(model.vision, pictures_of(home, split, question.task)).parts(question)
    if found.empty or exhibited is None:
        return None
    return curated_parts(parts_alike(model), question, str(found.iloc[0]), run, exhibited)


def sought(home: Home, split: Split, subtask: str) -> list[str]:
    """Databases, meanings of codes, vocabularies, pictures, reports where they are switched on, and frequencies that
    baselines rest on.
    """
    shown = split is MULTIMODAL and home.registry.campaign.reports
    return [
        *(home.receipts.content(name) for name in (*DATABASES[split.name], PRIORS)),
        *pictures_fingerprint(home, split, subtask),
        *([home.receipts.content(REPORTS, subtask)] if shown else []),
    ]


def tools_of(home: Home, split: Split, model: Model, policy: Policy, subtask: str, data_class: DataClass) -> ToolSource:
    """The tools of a seeking arm: over the record, over a question's images, and a browser where one is configured."""
    from clinseek_assets.models.agent.image_tool_source import WithImageTools
    from clinseek_assets.resources.record_tools import browser_library, image_engines, record_tools

    baseline = model.dialect == "baseline"
    tools = record_tools(home, policy, None if baseline else browser_library(home, data_class), split=split.name)
    shelf = pictures_of(home, split, subtask)
    if shelf is None:
        return tools
    engines = () if baseline else image_engines(home, data_class)
    return WithImageTools(tools, shelf, image_files(home.settings), engines, seeing=model.vision)


def answer_by_seeking(home: Home, asked: Asked, *, split: Split, arm: str, policy: Policy) -> pandas.DataFrame:
    """The answers of a model that looks for the evidence itself."""
    from clinseek_assets.models.seeking_arm import answer_seeking

    data_class = class_of_what_leaves(home, split, asked)
    return answer_seeking(
        asked.model,
        asked.questions,
        arm=arm,
        tools=tools_of(home, split, asked.model, policy, asked.subtask, data_class),
        keeping=keeping_of(home, split, arm, asked.model.name, asked.tally),
        priors=CandidatePriors.load(home.priors_file),
        runs=asked.runs,
        progress=asked.progress,
        data_class=data_class,
        pictures=pictures_of(home, split, asked.subtask),
        reports=reports_shown(home, split, asked.questions),
    )


def reports_shown(home: Home, split: Split, questions: Sequence[Question]) -> Mapping[str, Sequence[str]] | None:
    """The texts of the questions' reports; None where they are switched off, and in the text split."""
    return report_texts(home, questions) if split is MULTIMODAL else None


def parts_sought(
    home: Home, model: Model, question: Question, run: int, *, split: Split, policy: Policy
) -> Parts | None:
    """What shapes the answer of a model that looks for the evidence itself."""
    from clinseek_assets.models.exhibits import Exhibition
    from clinseek_assets.models.seeking_arm import parts_alike, seeking_parts

    tools = tools_of(home, split, model, policy, question.task, kept_class(home, split))
    record = tools.record_sha256(question)
    reports = reports_shown(home, split, [question])
    exhibited = Exhibition(model.vision, pictures_of(home, split, question.task), reports).parts(question)
    if record is None or exhibited is None:
        return None
    return seeking_parts(parts_alike(model, tools), question, record, run, exhibited)


def curated(split: Split, name: str, contexts: str, description: str) -> Arm:
    """An arm in which the evidence is given."""
    return Arm(
        split=split,
        name=name,
        description=description,
        evidence=(contexts, PRIORS, *([IMAGES] if split is MULTIMODAL else [])),
        sources=(),
        inputs=lambda home, subtask: given(home, split, contexts, subtask),
        answer=partial(answer_given, split=split, arm=name, contexts=contexts),
        parts=partial(parts_given, split=split, arm=name, contexts=contexts),
        code=code_of("models", *CURATED_CODE[split.name], "assets/arms.py"),
    )


def seeking(split: Split, name: str, policy: Policy, description: str) -> Arm:
    """An arm in which the model has tools over the pinned record."""
    return Arm(
        split=split,
        name=name,
        description=description,
        evidence=(*DATABASES[split.name], PRIORS, *([IMAGES, REPORTS] if split is MULTIMODAL else [])),
        sources=(CAMPAIGN_SETTINGS,) if split is MULTIMODAL else (),
        inputs=lambda home, subtask: sought(home, split, subtask),
        answer=partial(answer_by_seeking, split=split, arm=name, policy=policy),
        parts=partial(parts_sought, split=split, policy=policy),
        code=code_of("models", *SEEKING_CODE[split.name], "assets/arms.py"),
    )


def arms_of(split: Split) -> dict[str, Arm]:
    """The four arms of a split, by name."""
    arms = (
        curated(
            split,
            "curated",
            split.contexts,
            "The model is shown the published context and answers in one turn, looking for nothing itself.",
        ),
        curated(
            split,
            "curated_strict",
            split.strict_contexts,
            "The model is shown the same window and layout, rendered from what was known at the moment, and answers in "
            "one turn.",
        ),
        seeking(
            split,
            "seeking",
            "strict",
            "The model has the EHR tools over the patient's record as it was known at the moment.",
        ),
        seeking(
            split,
            "seeking_compat",
            "compat",
            "The model has the EHR tools over the patient's record under the published rule of time; patient and "
            "moment are pinned all the same.",
        ),
    )
    return {arm.name: arm for arm in arms}


ARMS_OF: dict[str, dict[str, Arm]] = {name: arms_of(split) for name, split in SPLITS.items()}
ARMS: tuple[str, ...] = tuple(ARMS_OF[TEXT.name])
"""The names of the arms, the same in both splits."""


def every_arm() -> Iterator[Arm]:
    """The arms of both splits."""
    for arms in ARMS_OF.values():
        yield from arms.values()
