"""The order of stages: each begins when those that it needs have ended, and what a failure makes senseless is left out.

A stage needs another if one of its assets is made from one of the other's (that is read off the assets), or if it names
the other (`Stage.after`). Stages are listed in an order in which all of them could be run one after the other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import dagster as dg

from clinseek_assets.assets.graph import Stage


def needs_of(stages: Sequence[Stage]) -> dict[str, set[str]]:
    """Title -> the titles of the stages that it needs, among those that are listed before it."""
    made: dict[dg.AssetKey, str] = {}
    needs: dict[str, set[str]] = {}
    for stage in stages:
        inputs = {
            dep for artifact in stage.artifacts for deps in artifact.definition.asset_deps.values() for dep in deps
        }
        needs[stage.title] = {made[dep] for dep in inputs if dep in made} | (set(stage.after) & set(needs))
        made |= {key: stage.title for artifact in stage.artifacts for key in artifact.keys}
    return needs


class Order:
    """Which stages may begin now.

    Args:
        titles: the stages, in their order.
        needs: title -> the titles that must have ended before.
    """

    def __init__(self, titles: Sequence[str], needs: Mapping[str, Collection[str]]) -> None:
        self._needs = needs
        self._waiting = list(titles)
        self._begun: set[str] = set()

    def ready(self) -> list[str]:
        """The stages that have not begun and whose needs have ended, in their order."""
        open_ones = self._begun.union(self._waiting)
        return [title for title in self._waiting if open_ones.isdisjoint(self._needs[title])]

    def begin(self, title: str) -> None:
        """A stage was begun."""
        self._waiting.remove(title)
        self._begun.add(title)

    def end(self, title: str) -> None:
        """A begun stage has ended; what needs it may begin."""
        self._begun.remove(title)

    def leave_out_what_needs(self, title: str) -> None:
        """Take out all that needs a stage, or needs what needs it."""
        self._waiting = [other for other in self._waiting if title not in self._all_needs(other)]

    def meet(self, titles: Collection[str]) -> bool:
        """Whether any two of these stages may run at the same time."""
        return any(
            one not in self._all_needs(other) and other not in self._all_needs(one)
            for one in titles
            for other in titles
            if one < other
        )

    def _all_needs(self, title: str) -> set[str]:
        found: set[str] = set()
        further = set(self._needs[title])
        while further:
            found |= further
            further = {need for one in further for need in self._needs[one]} - found
        return found
