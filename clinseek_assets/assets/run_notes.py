"""What the page shows of a run that asks models, while it goes on and afterwards.

Dagster's page renders three things of a run at work: its log, its tags (also in the list of runs), and events of its
assets with their metadata. So the log gets a line a model, the tag `clinseek/progress` how far all of it is, and the
asset an observation with the figures of each model: what explains a slow or a dear run. An observation says nothing of
versions, so that nothing downstream takes it for news.
"""

from __future__ import annotations

import time

import dagster as dg

from clinseek_assets.assets.asking_progress import AskingProgress
from clinseek_assets.resources.progress import Progress

PROGRESS_TAG = "clinseek/progress"
LINES_SECONDS = 30.0
TAG_SECONDS = 10.0
OBSERVATION_SECONDS = 120.0


class RunNotes:
    """The notes of one step.

    Args:
        context: the step's.
        asking: how far its models are.
        progress: told as well: the bar of who runs this on a terminal, or the run's log.
    """

    def __init__(self, context: dg.AssetExecutionContext, asking: AskingProgress, progress: Progress) -> None:
        self._context = context
        self._asking = asking
        self._progress = progress
        now = time.monotonic()
        self._lined, self._tagged, self._observed = now, now, now

    def go_on(self) -> None:
        """Note what is due."""
        now, whole = time.monotonic(), self._asking.whole
        self._progress(f"{whole.model}{whole.pace()}", whole.done, whole.questions)
        if now - self._tagged >= TAG_SECONDS:
            self._tagged = now
            self._tag(whole.line())
        if now - self._lined >= LINES_SECONDS:
            self._lined = now
            for model in self._asking.models():
                if model.seconds and model.done < model.questions:
                    self._context.log.info(model.line())
        if now - self._observed >= OBSERVATION_SECONDS:
            self._observed = now
            self._observe("Under way")

    def end(self, how: str) -> None:
        """Note how it ended, in a word or two, whatever is due."""
        self._tag(f"{how}: {self._asking.whole.line()}")
        self._observe(how)

    def _tag(self, told: str) -> None:
        self._context.instance.add_run_tags(self._context.run_id, {PROGRESS_TAG: told})

    def _observe(self, how: str) -> None:
        rows = [model.figures() for model in self._asking.models()]
        whole = {name: value for name, value in self._asking.whole.figures().items() if name != "model"}
        columns = [dg.TableColumn(name) for name in rows[0]]
        self._context.log_event(
            dg.AssetObservation(
                self._context.asset_key,
                description=f"{how}: {self._asking.whole.line()}",
                metadata={
                    **whole,
                    "models": dg.MetadataValue.table([dg.TableRecord(row) for row in rows], dg.TableSchema(columns)),
                },
            )
        )
