"""The `strict` policies by dataset: the rules of its tables, and what is hidden of a question's target.

Questions of EHRXQA and MedMod are about linked X-rays, deaths and billed groups. None asks which row comes next in a
table, so no row in the last second before the moment is the answer, and there is no embargo: the rules alone decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.mimic.visibility import ehrxqa, medmod, rules
from clinseek_assets.mimic.visibility.rule import Rule


@dataclass(frozen=True, eq=False)
class TimePolicy:
    """What of one dataset is known when.

    Attributes:
        dataset: its name in `catalogue.CATALOGUES`.
        rules: table -> its rule, in the catalogue's order.
        embargoed: task of a question -> the tables whose last second before the moment is hidden from it.
    """

    dataset: str
    rules: dict[str, Rule]
    embargoed: Callable[[str], frozenset[str]]


def _of_subtask(task: str) -> frozenset[str]:
    return rules.embargoed(SUBTASKS[task])


def _nothing(task: str) -> frozenset[str]:
    return frozenset()


POLICIES: dict[str, TimePolicy] = {
    policy.dataset: policy
    for policy in (
        TimePolicy("mimic_iv", rules.RULES, _of_subtask),
        TimePolicy("ehrxqa", ehrxqa.RULES, _nothing),
        TimePolicy("medmod", medmod.RULES, _nothing),
    )
}
