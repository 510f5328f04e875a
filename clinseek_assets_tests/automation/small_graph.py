"""A graph of four stages for the tests of worker processes: one before two that do not need each other, and one after.

What a stage does is told by files below the home, so that a worker process can be told too: where `<name>.waits` names
another artifact, making `<name>` ends only when that one has been begun; where there is `<name>.dies`, its process
ends at once; where there is `<name>.fails`, it fails.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from clinseek_assets.assets.artifact import Artifact, Explanation, Made, artifact
from clinseek_assets.assets.graph import Graph, Stage
from clinseek_assets.automation.code_location import CodeLocation
from clinseek_assets.automation.crew import Crew
from clinseek_assets.automation.rebuild import rebuild
from clinseek_assets.faults import Fault
from clinseek_assets.locations.settings import Settings, load_settings
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.instance import open_instance
from clinseek_assets.storage.atomic import write_text

NEEDS = {"first": (), "left": ("first",), "right": ("first",), "last": ("left", "right")}
LONGEST_WAIT = 60.0


def settings_of(home: Path) -> Settings:
    """Settings of a home without any data and without models."""
    (home / "models.yaml").write_text("models: []\n")
    return load_settings({"CLINSEEK_HOME": str(home)}, project_root=home)


def file_of(home: Path, name: str) -> Path:
    """What a stage makes: the id of the process that made it."""
    return home / "made" / name


def small_artifact(name: str) -> Artifact:
    """An artifact that behaves as the files of its home say."""

    @artifact(
        Explanation(name, "manifests", frozenset({"text"}), ("team:data",), code="1", deps=NEEDS[name]),
        inputs=lambda home: [],
        output=lambda home: file_of(home.settings.home, name),
    )
    def made(home, progress) -> Made:
        """A file."""
        folder = home.settings.home
        (folder / f"{name}.begun").touch()
        progress(f"making {name}", 1, 2)
        if (folder / f"{name}.dies").exists():
            os._exit(9)
        if (folder / f"{name}.fails").exists():
            raise Fault(f"{name} cannot be made.")
        waits = folder / f"{name}.waits"
        end = time.monotonic() + LONGEST_WAIT
        while waits.exists() and not (folder / f"{waits.read_text()}.begun").exists():
            if time.monotonic() > end:
                raise Fault(f"{name} waited in vain.")
            time.sleep(0.02)
        write_text(file_of(folder, name), str(os.getpid()))
        return Made(name)

    return made


def build_small(settings: Settings, resources: Mapping[str, Any] | None = None) -> CodeLocation:
    """The code location over the four stages."""
    home = Home.of(settings)
    artifacts = {name: small_artifact(name) for name in NEEDS}
    graph = Graph(tuple(Stage(name, (made,)) for name, made in artifacts.items()), ())
    given = {"progress": lambda *_: None, **(resources or {})}
    definitions = dg.Definitions(
        assets=[made.definition for made in artifacts.values()],
        resources={"home": home, **given},
        executor=dg.in_process_executor,
    )
    return CodeLocation(home, graph, definitions, given["progress"])


def loaded(crew: Crew) -> None:
    """Start all workers and wait until one is ready, as where there is much to do first."""
    crew.start()
    while crew.loading:
        time.sleep(0.02)


def main() -> None:
    """Bring the home that the command line names up to date, with two workers."""
    settings = settings_of(Path(sys.argv[1]))
    with open_instance(settings.layout) as instance, Crew(build_small, settings, most=2) as crew:
        loaded(crew)
        rebuild(build_small(settings), instance, crew=crew)


if __name__ == "__main__":
    main()
