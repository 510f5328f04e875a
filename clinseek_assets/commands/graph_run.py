"""Running the graph from the command line, with a line a stage and a bar on what takes long."""

from __future__ import annotations

import os
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from clinseek_assets.automation.crew import Crew, Moved
from clinseek_assets.automation.rebuild import Rebuilt, rebuild
from clinseek_assets.automation.wanted import Wanted
from clinseek_assets.build import build
from clinseek_assets.locations.settings import Settings
from clinseek_assets.resources.instance import open_instance
from clinseek_assets.storage.working_here import working_here

HERE = ""  # stands for whatever is done in this process


class TerminalProgress:
    """Progress of stages and of the work inside them, on the terminal's standard error; a bar a stage at work."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._bar_of: dict[str, TaskID] = {}
        self._begun: dict[str, tuple[str, float]] = {}

    def __enter__(self) -> TerminalProgress:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def __call__(self, work: str, done: int, total: int) -> None:
        """Move the bar of the work that this process does."""
        self.moved(Moved(HERE, work, done, total))

    def moved(self, told: Moved) -> None:
        """Move the bar of a stage."""
        if told.stage not in self._bar_of:
            self._bar_of[told.stage] = self._bars.add_task("")
        self._bars.update(self._bar_of[told.stage], description=told.work, completed=told.done, total=told.total)

    def say(self, line: str) -> None:
        """Print a line above the bars."""
        self._console.print(line, highlight=False)

    def began(self, stage: str, behind: int, of_all: int) -> None:
        """Remember what a stage has to do."""
        self.clear(HERE)
        self._begun[stage] = (f"{stage}: {behind:,} of {of_all:,} to make", time.monotonic())

    def ended(self, stage: str) -> None:
        """Say what a stage had to do, and how long it took."""
        told, since = self._begun.pop(stage)
        self.say(f"{told} ({time.monotonic() - since:.1f} s)")
        self.clear(stage)
        self.clear(HERE)

    def clear(self, stage: str = HERE) -> None:
        """Take away the bar of a stage, or of the work that this process does."""
        if stage in self._bar_of:
            self._bars.remove_task(self._bar_of.pop(stage))


def bring_up_to_date(settings: Settings, progress: TerminalProgress, wanted: Wanted = Wanted()) -> Rebuilt:  # noqa: B008
    """Run what is behind; stages that do not need each other side by side, where that pays.

    Raises:
        Fault: a step failed; what was finished is kept.
    """
    location = build(settings, {"progress": progress})
    crew = Crew(build, settings, most=os.cpu_count() or 1)
    with working_here(settings.home), open_instance(settings.layout) as instance, crew:
        return rebuild(location, instance, wanted=wanted, follower=progress, crew=crew)
