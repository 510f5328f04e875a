"""One run over cells of a grid: models side by side, cell by cell, each cell by one run at a time.

However Dagster cuts a backfill into runs, this is what a run does. The models that are asked over a network have lanes
(threads) of their own, so that a slow endpoint keeps no other waiting; a model with many slots and few questions a
cell has several, since a cell's last questions would else leave most of its slots empty. Baselines share one lane:
they use the processor, not a network. How many requests an endpoint has under way is kept over all lanes, runs and
processes by its leases.

A cell that another run is at is left for later, and taken over as it is when that run has finished it. What goes wrong
with a cell is that cell's own affair: the others go on.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import dagster as dg

from clinseek_assets.assets.arms import Arm, Asked
from clinseek_assets.assets.artifact import Made
from clinseek_assets.assets.asking_progress import AskingProgress, CellProgress
from clinseek_assets.assets.run_notes import RunNotes
from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.halting import Halt
from clinseek_assets.models.registry import Model
from clinseek_assets.models.side_by_side import Lane, side_by_side
from clinseek_assets.partitions import cell
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress
from clinseek_assets.resources.runs import wanted_runs
from clinseek_assets.storage.claims import Claim, claimed

MOST_LANES = 4  # of one model
GIVE_UP_AFTER = 3  # cells in a row that the endpoint refused as such; the model's others are not tried
PAUSE_SECONDS = 0.1  # before another look at cells that other runs are at
NOTES_SECONDS = 1.0

BASELINES = "baselines"


@dataclass(frozen=True)
class Answered:
    """What came of a cell: it was made, somebody else has made it (None), or it failed."""

    key: str
    result: Made | Exception | None


class PredictionRun:
    """The cells of one run.

    Args:
        home: where everything is.
        arm: how models are asked.
        keys: the cells, in their order.
        is_done: whether a cell is up to date by now.
        answer: asks one cell and writes what came of it.
    """

    def __init__(
        self,
        home: Home,
        arm: Arm,
        keys: Sequence[str],
        is_done: Callable[[str], bool],
        answer: Callable[[str, Asked], Made],
    ) -> None:
        self._home = home
        self._arm = arm
        self._is_done = is_done
        self._answer = answer
        self._cells: dict[str, dict[str, CellProgress]] = {}
        for key in keys:
            model, subtask = cell(key)
            questions = len(arm.split.questions(home, subtask)) * wanted_runs(home, arm.split.name, arm.name, model)
            self._cells.setdefault(model, {})[key] = CellProgress(subtask, questions)
        self._refused: dict[str, int] = dict.fromkeys(self._cells, 0)
        self._fault: dict[str, EndpointFault] = {}
        self._claims: dict[str, Claim] = {}

    def results(
        self, context: dg.AssetExecutionContext, progress: Progress
    ) -> Iterator[tuple[str, Made | Exception | None]]:
        """What came of each cell, as it comes. A cell is ours until the next one is asked for: until it is recorded."""
        notes = RunNotes(context, AskingProgress(self._cells), progress)
        how = "Stopped"
        try:
            working = side_by_side(self._lanes(), meanwhile=notes.go_on, every_seconds=NOTES_SECONDS)
            with closing(working):
                for answered in working:
                    yield answered.key, answered.result
                    self._claims.pop(answered.key).give_back()
            how = "Ended"
        finally:
            for claim in self._claims.values():
                claim.give_back()
            self._claims.clear()
            notes.end(how)

    def _lanes(self) -> list[Lane[Answered]]:
        due: dict[str, deque[str]] = {}
        by_priority = sorted(self._cells, key=lambda name: -self._home.models[name].priority)
        for name in by_priority:
            group = BASELINES if self._home.models[name].dialect == "baseline" else name
            due.setdefault(group, deque()).extend(self._cells[name])
        return [partial(self._lane, keys) for group, keys in due.items() for _ in range(self._lanes_of(group))]

    def _lanes_of(self, group: str) -> int:
        if group == BASELINES:
            return 1
        cells = self._cells[group].values()
        questions = max(1, sum(each.questions for each in cells) // len(cells))
        return min(MOST_LANES, len(cells), -(-2 * self._home.models[group].max_concurrency // questions))

    def _lane(self, due: deque[str], halt: Halt) -> Iterator[Answered]:
        """Cells of the queue until it is empty; the lanes of a model share one."""
        while due:
            halt.heed()
            try:
                key = due.popleft()
            except IndexError:  # another lane was faster
                return
            claim = claimed(self._claim_file(key))
            if claim is None:
                due.append(key)
                time.sleep(PAUSE_SECONDS)
                continue
            self._claims[key] = claim
            yield Answered(key, self._of_cell(key, halt))

    def _of_cell(self, key: str, halt: Halt) -> Made | Exception | None:
        model, subtask = cell(key)
        told = self._cells[model][key]
        told.begin()
        try:
            if self._is_done(key):
                told.end()
                return None
            if self._refused[model] >= GIVE_UP_AFTER:
                told.end(failed=True)
                return self._fault[model]
            made = self._answer(key, self._asked(self._home.models[model], subtask, told, halt))
            self._refused[model] = 0
        except Exception as error:
            told.end(failed=True)
            if isinstance(error, EndpointFault):
                self._refused[model] += 1
                self._fault[model] = error
            return error
        told.end()
        return made

    def _asked(self, model: Model, subtask: str, told: CellProgress, halt: Halt) -> Asked:
        def moved(done: int, total: int) -> None:
            halt.heed()
            told.done, told.questions = done, total

        return Asked(
            model=model,
            subtask=subtask,
            questions=self._arm.split.questions(self._home, subtask),
            runs=wanted_runs(self._home, self._arm.split.name, self._arm.name, model.name),
            progress=moved,
            tally=told.tally,
        )

    def _claim_file(self, key: str) -> Path:
        model, subtask = cell(key)
        return self._home.layout.claim(self._arm.split.name, self._arm.name, model, subtask)
