"""Bring the graph up to date: the stages in their order, and of each only what is behind.

Stages that do not need each other are done side by side by worker processes (`automation/crew.py`), where there is
enough to do; a stage that is alone, and each that asks an endpoint, is done in this process. A second run over
unchanged inputs starts no run at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import dagster as dg

from clinseek_assets.automation.code_location import CodeLocation
from clinseek_assets.automation.crew import Crew, Moved
from clinseek_assets.automation.order import Order, needs_of
from clinseek_assets.automation.stage_work import Outcome, Work, do, work_of
from clinseek_assets.automation.wanted import Wanted
from clinseek_assets.faults import Fault
from clinseek_assets.partitions import cell

# Starting a worker takes about as long as making so many partitions.
PARTS_WORTH_A_WORKER = 100


class Follower(Protocol):
    """Who is told how far a rebuild is."""

    def began(self, stage: str, behind: int, of_all: int) -> None:
        """A stage was begun: how many partitions are behind, and how many there are."""

    def ended(self, stage: str) -> None:
        """A stage that had something to do has ended."""

    def moved(self, told: Moved) -> None:
        """Work inside a stage that a worker does has moved on."""


class Nobody:
    """A follower that is not interested."""

    def began(self, stage: str, behind: int, of_all: int) -> None:
        """Say nothing."""

    def ended(self, stage: str) -> None:
        """Say nothing."""

    def moved(self, told: Moved) -> None:
        """Say nothing."""


ALL, NOBODY = Wanted(), Nobody()


@dataclass
class Rebuilt:
    """What a rebuild did.

    Attributes:
        assets: how many assets there are to bring up to date.
        worked: those that had work to do.
        faults: what went wrong.
    """

    assets: int
    worked: set[dg.AssetKey] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


def rebuild(
    location: CodeLocation,
    instance: dg.DagsterInstance,
    *,
    wanted: Wanted = ALL,
    follower: Follower = NOBODY,
    crew: Crew | None = None,
) -> Rebuilt:
    """Bring the wanted part of the graph up to date.

    Args:
        location: the code location.
        instance: where runs and events are recorded.
        wanted: the partitions; what they rest on is brought up to date with them.
        follower: told of each stage.
        crew: who does stages side by side; without it all is done here, one stage after the other.

    Raises:
        Fault: a step failed; what does not depend on it was finished, and the next call continues.
        KeyboardInterrupt: a signal asked for an end; what was finished is kept.
    """
    rebuilding = _Rebuilding(location, instance, wanted, follower, crew if crew and crew.most > 1 else None)
    try:
        rebuilding.run()
    except KeyboardInterrupt:
        if crew:
            crew.interrupt()
        raise
    if rebuilding.rebuilt.faults:
        raise told_together(rebuilding.rebuilt.faults)
    return rebuilding.rebuilt


def told_together(faults: Sequence[str]) -> Fault:
    """One fault out of those of several steps, each of which has told its own mend."""
    return Fault("\n".join([*faults, "What is finished is kept: the same command continues from there."]))


class _Rebuilding:
    """One rebuild under way."""

    def __init__(
        self,
        location: CodeLocation,
        instance: dg.DagsterInstance,
        wanted: Wanted,
        follower: Follower,
        crew: Crew | None,
    ) -> None:
        self._location, self._instance, self._wanted = location, instance, wanted
        self._follower, self._crew = follower, crew
        self._stages = {stage.title: stage for stage in location.graph.stages if wanted.stage(stage)}
        self._order = Order(list(self._stages), needs_of(list(self._stages.values())))
        self._due: dict[str, Work] = {}
        self._at_first: dict[str, Work] = {}
        self.rebuilt = Rebuilt(
            sum(len(artifact.keys) for stage in self._stages.values() for artifact in stage.artifacts)
        )

    def run(self) -> None:
        """Do all stages."""
        under_way = 0
        self._start_early()
        while True:
            self._look()
            together = [work for work in self._due.values() if not self._asks_an_endpoint(work)]
            if self._crew and together and (under_way or self._worth_workers(together)):
                if not under_way and self._crew.loading and not self._stages[together[0].stage].arms:
                    self._do_here(together[0])  # the short stages at the beginning do not wait for workers
                    continue
                for work in together[: self._crew.free]:
                    self._begin(work)
                    self._crew.begin(work)
                    under_way += 1
            elif self._due and not under_way:
                self._do_here(next(iter(together or self._due.values())))
                continue
            if not (self._crew and under_way):
                return
            for outcome in self._crew.results(self._follower.moved):
                under_way -= 1
                self._end(outcome)

    def _look(self) -> None:
        """Find what the stages that may begin have to do; those with nothing to do have ended with that."""
        while new := [title for title in self._order.ready() if title not in self._due]:
            for title in new:
                work = self._work_of(title)
                if work.parts:
                    self._due[title] = work
                else:
                    self._follower.began(title, 0, self._all_parts(title))
                    self._order.begin(title)
                    self._order.end(title)

    def _work_of(self, title: str) -> Work:
        if title in self._at_first and not self.rebuilt.worked:
            return self._at_first[title]  # nothing has changed since
        return work_of(self._stages[title], self._location, self._instance, self._wanted)

    def _begin(self, work: Work) -> None:
        del self._due[work.stage]
        self._order.begin(work.stage)
        self._follower.began(work.stage, work.parts, self._all_parts(work.stage))

    def _do_here(self, work: Work) -> None:
        self._begin(work)
        self._end(do(work, self._location, self._instance))

    def _end(self, outcome: Outcome) -> None:
        self._order.end(outcome.stage)
        self._follower.ended(outcome.stage)
        self.rebuilt.worked |= outcome.worked
        if outcome.interrupted:
            raise KeyboardInterrupt
        self.rebuilt.faults += outcome.faults
        if outcome.faults and self._stages[outcome.stage].required:
            self._order.leave_out_what_needs(outcome.stage)

    def _all_parts(self, title: str) -> int:
        return sum(len(self._wanted.partitions(artifact)) for artifact in self._stages[title].artifacts)

    def _asks_an_endpoint(self, work: Work) -> bool:
        """Whether an endpoint is asked: one process presses it, as hard as its entry says, and can be interrupted."""
        if not self._stages[work.stage].asks_models:
            return False
        models = self._location.home.models
        return any(models[cell(key)[0]].dialect != "baseline" for keys in work.behind.values() for key in keys if key)

    def _worth_workers(self, works: Sequence[Work]) -> bool:
        return len(works) > 1 and bool(
            self._crew and (self._crew.started or sum(work.parts for work in works) >= PARTS_WORTH_A_WORKER)
        )

    def _start_early(self) -> None:
        """Start the workers now if there will be work for several: they load the graph meanwhile."""
        if self._crew is None:
            return
        self._at_first = {title: self._work_of(title) for title in self._stages}
        behind = [work for work in self._at_first.values() if work.parts and not self._asks_an_endpoint(work)]
        enough = sum(work.parts for work in behind) >= PARTS_WORTH_A_WORKER
        if enough and self._order.meet([work.stage for work in behind]):
            self._crew.start()
