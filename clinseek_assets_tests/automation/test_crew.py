"""Stages side by side in worker processes: what ends well, fails, dies, is interrupted or killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import psutil
import pytest

from clinseek_assets.automation.crew import Crew, Moved
from clinseek_assets.automation.rebuild import Rebuilt, rebuild
from clinseek_assets.faults import Fault
from clinseek_assets.resources.instance import open_instance
from clinseek_assets_tests.automation.small_graph import NEEDS, build_small, file_of, loaded, settings_of


class Followed:
    """A follower that remembers."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def began(self, stage: str, behind: int, of_all: int) -> None:
        self.told.append(f"{stage} began, {behind} of {of_all}")

    def ended(self, stage: str) -> None:
        self.told.append(f"{stage} ended")

    def moved(self, told: Moved) -> None:
        self.told.append(f"{told.stage}: {told.work} {told.done}/{told.total}")


def with_two_workers(home: Path, follower: Followed | None = None) -> Rebuilt:
    """Rebuild with two workers that are there from the beginning."""
    settings = settings_of(home)
    with open_instance(settings.layout) as instance, Crew(build_small, settings, most=2) as crew:
        loaded(crew)
        return rebuild(build_small(settings), instance, follower=follower or Followed(), crew=crew)


def makers(home: Path) -> dict[str, int]:
    """What was made -> the process that made it."""
    return {name: int(file_of(home, name).read_text()) for name in NEEDS if file_of(home, name).is_file()}


@contextmanager
def interrupted_once_begun(home: Path, *names: str) -> Iterator[None]:
    """Inside, this process is interrupted when the named artifacts are being made."""

    def interrupt() -> None:
        while not all((home / f"{name}.begun").exists() for name in names):
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    waiting = threading.Thread(target=interrupt, daemon=True)
    waiting.start()
    yield
    waiting.join()


def endless(home: Path, *names: str) -> None:
    """Let artifacts wait for what never comes."""
    home.mkdir(exist_ok=True)
    for name in names:
        (home / f"{name}.waits").write_text("nothing")


@pytest.mark.slow
def test_what_does_not_need_each_other_is_made_at_the_same_time_by_two_workers(tmp_path):
    (tmp_path / "left.waits").write_text("right")
    (tmp_path / "right.waits").write_text("left")
    followed = Followed()
    rebuilt = with_two_workers(tmp_path, followed)
    made = makers(tmp_path)
    assert (rebuilt.assets, rebuilt.worked) == (4, {dg.AssetKey(name) for name in NEEDS})
    assert made["first"] == made["last"] == os.getpid()  # whoever is alone needs no worker
    assert len({made["left"], made["right"], os.getpid()}) == 3
    assert {"left: making left 1/2", "right: making right 1/2"} <= set(followed.told)
    assert followed.told.index("right began, 1 of 1") < followed.told.index("left ended")
    assert followed.told.index("left began, 1 of 1") < followed.told.index("right ended")
    with open_instance(settings_of(tmp_path).layout) as instance:
        assert all(instance.get_latest_materialization_event(dg.AssetKey(name)) for name in NEEDS)
        assert {run.status for run in instance.get_runs()} == {dg.DagsterRunStatus.SUCCESS}
        assert rebuild(build_small(settings_of(tmp_path)), instance).worked == set()
    assert not psutil.pid_exists(made["left"]) and not psutil.pid_exists(made["right"])


def test_a_failure_leaves_out_what_rests_on_it_and_nothing_else(tmp_path):
    (tmp_path / "left.fails").touch()
    with open_instance(settings_of(tmp_path).layout) as instance:
        with pytest.raises(Fault, match="left cannot be made"):
            rebuild(build_small(settings_of(tmp_path)), instance)
        assert set(makers(tmp_path)) == {"first", "right"}
        (tmp_path / "left.fails").unlink()
        rebuilt = rebuild(build_small(settings_of(tmp_path)), instance)
    assert rebuilt.worked == {dg.AssetKey("left"), dg.AssetKey("last")}


def test_a_worker_that_dies_is_told_of_and_costs_its_own_stage_only(tmp_path):
    (tmp_path / "left.dies").touch()
    with pytest.raises(Fault, match=r"left: its worker process ended unexpectedly \(exit code 9\)"):
        with_two_workers(tmp_path)
    assert set(makers(tmp_path)) == {"first", "right"}
    (tmp_path / "left.dies").unlink()
    with open_instance(settings_of(tmp_path).layout) as instance:
        assert dg.DagsterRunStatus.STARTED not in {run.status for run in instance.get_runs()}
        rebuild(build_small(settings_of(tmp_path)), instance)
    assert set(makers(tmp_path)) == set(NEEDS)


@pytest.mark.slow
def test_an_interrupt_ends_both_workers_and_the_next_run_continues(tmp_path):
    endless(tmp_path, "left", "right")
    with interrupted_once_begun(tmp_path, "left", "right"), pytest.raises(KeyboardInterrupt):
        with_two_workers(tmp_path)
    assert set(makers(tmp_path)) == {"first"}
    assert not [child for child in psutil.Process().children() if "multiprocessing.spawn" in " ".join(child.cmdline())]
    for name in ("left", "right"):
        (tmp_path / f"{name}.waits").unlink()
    with open_instance(settings_of(tmp_path).layout) as instance:
        statuses = {run.status for run in instance.get_runs()}
        assert not statuses & {dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING}
        rebuilt = rebuild(build_small(settings_of(tmp_path)), instance)
    assert rebuilt.worked == {dg.AssetKey(name) for name in ("left", "right", "last")}


@pytest.mark.slow
def test_a_killed_run_leaves_no_worker_behind_and_the_next_run_continues(tmp_path):
    endless(tmp_path, "left", "right")
    program = [sys.executable, "-m", "clinseek_assets_tests.automation.small_graph", str(tmp_path)]
    running = subprocess.Popen(program, stderr=subprocess.DEVNULL)
    try:
        while not all((tmp_path / f"{name}.begun").exists() for name in ("left", "right")):
            assert running.poll() is None
            time.sleep(0.02)
        workers = psutil.Process(running.pid).children(recursive=True)
    finally:
        running.kill()
        running.wait()
    assert len(workers) >= 2
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert not alive
    for name in ("left", "right"):
        (tmp_path / f"{name}.waits").unlink()
    with open_instance(settings_of(tmp_path).layout) as instance:
        rebuilt = rebuild(build_small(settings_of(tmp_path)), instance)
    assert rebuilt.worked == {dg.AssetKey(name) for name in ("left", "right", "last")}


def test_with_one_core_no_worker_is_started(tmp_path):
    settings = settings_of(tmp_path)
    with open_instance(settings.layout) as instance, Crew(build_small, settings, most=1) as crew:
        rebuild(build_small(settings), instance, crew=crew)
        assert not crew.started
    assert set(makers(tmp_path).values()) == {os.getpid()}


def test_for_little_work_no_worker_is_started(tmp_path):
    settings = settings_of(tmp_path)
    with open_instance(settings.layout) as instance, Crew(build_small, settings, most=2) as crew:
        rebuild(build_small(settings), instance, crew=crew)
        assert not crew.started
    assert set(makers(tmp_path).values()) == {os.getpid()}
