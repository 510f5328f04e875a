"""How the answers of each split are scored, as data: its rules, the judge among them, and what its tables show.

The text split needs no judge. In the multimodal split the registry's judge decides what no rule can; without one, or
where it gives no verdict, a row has no `compat` score.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinseek_assets.assets.kept_class import kept_class
from clinseek_assets.assets.splits import MULTIMODAL
from clinseek_assets.benchmark.subtasks import DECISION, RISK
from clinseek_assets.resources.home import Home
from clinseek_assets.scoring.rules import RULES, Rule

if TYPE_CHECKING:
    from clinseek_assets.models.judges.endpoint_judge import EndpointJudge


@dataclass(frozen=True)
class SplitScoring:
    """How one split is scored.

    Attributes:
        told: what its score assets say of the rules.
        task_types: the task types that are columns of its tables.
        judge: who decides for one arm what no rule can, or None.
        rules: the rules, with that judge.
        further: fingerprints of what shapes its scores beside answers, questions and code.
    """

    told: str
    task_types: tuple[str, ...]
    judge: Callable[[Home, str], EndpointJudge | None]
    rules: Callable[[EndpointJudge | None], Sequence[Rule]]
    further: Callable[[Home], Sequence[str]]


def multimodal_judge(home: Home, arm: str) -> EndpointJudge | None:
    """The registry's judge, for the answers of one arm."""
    from clinseek_assets.models.judges.configured import configured_judge  # here: what speaks to endpoints loads slowly

    return configured_judge(
        home.registry,
        home.layout,
        data_class=lambda: kept_class(home, MULTIMODAL),
        arm=f"multimodal {arm}",
        leases=home.leases,
        shared=home.rows,
    )


def multimodal_rules(judge: EndpointJudge | None) -> Sequence[Rule]:
    """The strict rule, and the published one with the judge and the mapping that are configured."""
    from clinseek_assets.scoring.multimodal.rules import STRICT_ROUTING, PublishedRouting
    from clinseek_assets.scoring.multimodal.vocabulary_mapping import configured_mapping

    return (STRICT_ROUTING, PublishedRouting(judge, configured_mapping()))


def multimodal_further(home: Home) -> list[str]:
    """The judge and the mapping."""
    from clinseek_assets.scoring.multimodal.vocabulary_mapping import configured_mapping

    judge, mapping = multimodal_judge(home, ""), configured_mapping()
    return [f"judge {judge.identity if judge else None}", f"mapping {mapping.identity if mapping else None}"]


SCORING: dict[str, SplitScoring] = {
    "text": SplitScoring(
        told="by both rules: `strict` (ours, the headline) and `compat` (the published scorer's, to the digit). A "
        "missing answer has no score.",
        task_types=(RISK, DECISION),
        judge=lambda home, arm: None,
        rules=lambda judge: tuple(RULES.values()),
        further=lambda home: (),
    ),
    "multimodal": SplitScoring(
        told="by both rules: `strict` (ours, the headline: nobody is asked) and `compat` (the published routing: sets "
        "of two names or more; for one name a rule, else the configured judge). What nobody could decide has no score.",
        task_types=(),
        judge=multimodal_judge,
        rules=multimodal_rules,
        further=multimodal_further,
    ),
}
