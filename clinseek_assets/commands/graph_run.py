"""Running the graph from the command line, with a line a stage and a bar on what takes long."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from clinseek_assets.automation.rebuild import Rebuilt, Wanted, rebuild
from clinseek_assets.build import build
from clinseek_assets.locations.settings import Settings
from clinseek_assets.resources.instance import open_instance


class TerminalProgress:
    """Progress of stages and of the work inside them, on the terminal's standard error."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("", visible=False)
        self._stage: str | None = None
        self._since = time.monotonic()

    def __enter__(self) -> TerminalProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, work: str, done: int, total: int) -> None:
        """Move the bar of the work at hand."""
        self._bar.update(self._task, description=work, completed=done, total=total, visible=True)

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        self._console.print(line, highlight=False)

    def stage(self, title: str, behind: int, of_all: int) -> None:
        """Say what a stage has to do, and how long the one before it took."""
        self._bar.reset(self._task, visible=False)
        if self._stage:
            self.say(f"{self._stage} ({time.monotonic() - self._since:.1f} s)")
        self._stage = f"{title}: {behind:,} of {of_all:,} to make" if behind else None
        self._since = time.monotonic()


def bring_up_to_date(settings: Settings, progress: TerminalProgress, wanted: Wanted = Wanted()) -> Rebuilt:  # noqa: B008
    """Run what is behind, stage by stage, in this process.

    Raises:
        Fault: a step failed; what was finished is kept.
    """
    location = build(settings, {"progress": progress})
    with open_instance(settings.layout) as instance:
        rebuilt = rebuild(location, instance, wanted=wanted, tell=progress.stage)
    progress.stage("", 0, 0)
    return rebuilt
