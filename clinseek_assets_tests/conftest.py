"""What tests of the graph share: a tiny synthetic release, and the graph over it, brought up to date once."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import HealthCheck, settings

from clinseek_assets.automation.code_location import CodeLocation
from clinseek_assets.automation.rebuild import Rebuilt, rebuild
from clinseek_assets.automation.wanted import Wanted
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.build import build
from clinseek_assets.locations.layout import Layout
from clinseek_assets.locations.settings import Settings, load_settings
from clinseek_assets.resources.dbt_project import dbt_manifest
from clinseek_assets.resources.instance import open_instance
from clinseek_assets.synthetic.profiles import SMALL as FEW_IMAGES
from clinseek_assets.synthetic.profiles import Profile
from clinseek_assets.synthetic.release import make_release
from clinseek_assets_tests.services import postgres

# A busy machine makes no test wrong: neither a slow example nor slow drawing counts.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# Fixtures that take a minute to make; one process makes each, and another that wants it meanwhile has to wait.
HOMES = frozenset({"finished_home", "multimodal_home"})

# Neighbours on the grid, risks and decisions: the whole grid would take every test a minute.
FEW = tuple(SUBTASKS)[16:23]
TINY = Profile("tiny", patients=40, per_subtask=1, manifest_patients=None, least_per_subtask=0)
SEEN = Profile("seen", patients=120, per_subtask=1, manifest_patients=None, least_per_subtask=0, multimodal=FEW_IMAGES)
SEEING_MODELS = """\
models:
  - {name: floor/always_no, dialect: baseline, model_id: always_no, enabled: true}
  - {name: evidence_counts, dialect: baseline, model_id: evidence_counts, vision: true, enabled: true}
"""
MODELS = """\
models:
  - {name: floor/always_no, dialect: baseline, model_id: always_no, enabled: true}
  - {name: evidence_counts, dialect: baseline, model_id: evidence_counts, enabled: true}
  - {name: switched_off, dialect: baseline, model_id: always_yes, enabled: false}
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests over a finished home first: the first process makes the homes while the others do the rest."""
    items.sort(key=lambda item: HOMES.isdisjoint(getattr(item, "fixturenames", ())))


@dataclass
class Graph:
    """A home with the graph over it."""

    settings: Settings
    instance: dg.DagsterInstance

    @property
    def location(self) -> CodeLocation:
        """A fresh code location: what a new process would load."""
        return build(self.settings)

    def bring_up_to_date(
        self, models: set[str] | None = None, subtasks: Collection[str] = FEW, until: str = ""
    ) -> Rebuilt:
        """Rebuild as the commands do, to the end or until a stage whose title starts so."""
        location = self.location
        stages = location.graph.stages
        last = next(
            (place for place, stage in enumerate(stages) if until and stage.title.startswith(until)), len(stages)
        )
        graph = replace(location.graph, stages=stages[: last + 1])
        return rebuild(replace(location, graph=graph), self.instance, wanted=Wanted(models, subtasks))


@contextmanager
def once(folder: Path) -> Iterator[bool]:
    """Whether `folder` is still to be made; test processes that run side by side wait for the one that makes it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder.with_suffix(".done")
        yield not done.exists()
        done.touch()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of one test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if base.name.startswith("popen-") else base


@pytest.fixture(scope="session")
def tiny_release(shared: Path, parsed_dbt: None) -> Path:
    """The folder of `release/` and `sources/` of a tiny synthetic release."""
    root = shared / "tiny"
    with once(root) as to_do:
        if to_do:
            make_release(TINY, root, seed=3)
            (root / "models.yaml").write_text(MODELS)
    return root


def settings_over(release: Path, home: Path, **further: str) -> Settings:
    """Settings of a home over a synthetic release."""
    named = {
        "CLINSEEK_HOME": str(home),
        "CLINSEEK_RELEASE_ROOT": str(release / "release"),
        "MIMIC_IV_ROOT": str(release / "sources" / "mimic_iv"),
        "CLINSEEK_MODELS": str(release / "models.yaml"),
    }
    return with_dbt(load_settings({**named, **further}))


def with_dbt(settings: Settings) -> Settings:
    """The settings, after giving their home the manifest that was parsed once."""
    if not settings.layout.dbt_target.exists():
        shutil.copytree(PARSED[0], settings.layout.dbt_target)
    return settings


@pytest.fixture(scope="session")
def parsed_dbt(shared: Path) -> None:
    """dbt's manifest, parsed once for all homes of the tests."""
    kept = Layout(shared / "dbt_home")
    with once(kept.home) as to_do:
        if to_do:
            dbt_manifest(kept)
    PARSED.append(kept.dbt_target)


PARSED: list[Path] = []


@pytest.fixture(scope="session")
def multimodal_release(shared: Path) -> Path:
    """The folder of `release/` and `sources/` of a small synthetic release with a multimodal split."""
    root = shared / "multimodal_release"
    with once(root) as to_do:
        if to_do:
            make_release(SEEN, root, seed=3)
            (root / "models.yaml").write_text(SEEING_MODELS)
    return root


@pytest.fixture(scope="session")
def multimodal_home(shared: Path, multimodal_release: Path, parsed_dbt: None) -> Path:
    """A home in which the multimodal split was brought up to date; not to be changed."""
    home = shared / "multimodal_home"
    with once(home) as to_do:
        if to_do:
            settings = multimodal_settings(multimodal_release, home)
            with open_instance(settings.layout) as instance:
                rebuild(build(settings), instance, wanted=Wanted(splits={"multimodal"}))
    return home


def multimodal_settings(release: Path, home: Path, models: Path | None = None) -> Settings:
    """Settings of a home over a synthetic release with a multimodal split; its sources lie beside it."""
    named = {
        "CLINSEEK_HOME": str(home),
        "CLINSEEK_RELEASE_ROOT": str(release / "release"),
        "CLINSEEK_MODELS": str(models or release / "models.yaml"),
    }
    return with_dbt(load_settings(named))


@pytest.fixture(scope="session")
def finished_home(shared: Path, tiny_release: Path) -> Path:
    """A home in which the graph was brought up to date (of the subtasks `FEW`); not to be changed."""
    home = shared / "finished"
    with once(home) as to_do:
        if to_do:
            settings = settings_over(tiny_release, home)
            with open_instance(settings.layout) as instance:
                rebuild(build(settings), instance, wanted=Wanted(subtasks=FEW))
    return home


@pytest.fixture
def finished(finished_home: Path, tiny_release: Path, tmp_path: Path) -> Iterator[Graph]:
    """A copy of the finished home, to be changed at will."""
    home = tmp_path / "home"
    shutil.copytree(finished_home, home)
    with open_graph(settings_over(tiny_release, home)) as graph:
        yield graph


@contextmanager
def open_graph(settings: Settings) -> Iterator[Graph]:
    """The graph over a home, with its instance open."""
    with open_instance(settings.layout) as instance:
        yield Graph(settings, instance)


@pytest.fixture
def copied_release(tiny_release: Path, tmp_path: Path) -> Path:
    """A copy of the tiny release, to be changed at will."""
    copied = tmp_path / "own_release"
    shutil.copytree(tiny_release, copied)
    return copied


@pytest.fixture
def own(finished_home: Path, copied_release: Path, tmp_path: Path) -> Iterator[Graph]:
    """A copy of the finished home over a copy of its release, both to be changed at will."""
    shutil.copytree(finished_home, tmp_path / "home")
    with open_graph(settings_over(copied_release, tmp_path / "home")) as graph:
        yield graph


@pytest.fixture(scope="module")
def lease_server() -> Iterator[postgres.Postgres]:
    """A Postgres server; the test is skipped where there can be none."""
    if reason := postgres.absent():
        pytest.skip(reason)
    with postgres.postgres() as running:
        yield running
