"""A full disk, a read-only home, a home of somebody else: a clear error, nothing lost, and the next call goes on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pandas
import pytest

from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.locations.layout import Layout
from clinseek_assets_tests.resilience.answering import answering, journalled, models_file
from clinseek_assets_tests.resilience.calling import call, clear_error, mounted, read_only

FEW = tuple(SUBTASKS)[:6]
MODEL = "asked"
EVALUATE = ("evaluate", "--model", MODEL, "--arm", "curated", *(word for name in FEW for word in ("--subtask", name)))
RESERVE = 24_000_000  # bytes on the small disk beyond what is there at first
ROOM = (20_000, 100_000, 400_000, 1_500_000)  # bytes that are left when the disk is full for others

pytestmark = pytest.mark.slow


def answers(home: Path) -> list[pandas.DataFrame]:
    return [pandas.read_parquet(Layout(home).predictions("text", "curated", MODEL, name)) for name in FEW]


@pytest.mark.parametrize("room", ROOM)
def test_the_disk_is_full_wherever_that_hits(room: int, unanswered: dict[str, str], tmp_path: Path):
    home = Path(unanswered["CLINSEEK_HOME"])
    taken = sum(path.stat().st_size + 8192 for path in home.rglob("*"))
    with (
        answering(0.0) as (record, url),
        mounted(tmp_path / "small", "-t", "tmpfs", "-o", f"size={taken + RESERVE}", "tmpfs") as disk,
    ):
        models = models_file(tmp_path / "models.yaml", url, [MODEL], 4)
        shutil.copytree(home, disk / "home")
        environment = {**unanswered, "CLINSEEK_HOME": str(disk / "home"), "CLINSEEK_MODELS": str(models)}
        (disk / "ballast").write_bytes(b"\0" * (shutil.disk_usage(disk).free - room))
        code, told = call(environment, *EVALUATE)
        clear_error(code, told, "disk is full", "What to do")
        kept = journalled(disk / "home")
        asked = len(record.arrived)
        (disk / "ballast").unlink()
        code, told = call(environment, *EVALUATE)
        assert code == 0, told
        assert not kept & set(record.arrived[asked:]), "asked again although the answer was journalled"
        assert all(frame["outcome"].ne("endpoint_failed").all() for frame in answers(disk / "home"))


def test_a_home_that_is_read_only(unanswered: dict[str, str], tmp_path: Path):
    home = Path(unanswered["CLINSEEK_HOME"])
    with answering(0.0) as (record, url):
        models = models_file(tmp_path / "models.yaml", url, [MODEL], 4)
        environment = {**unanswered, "CLINSEEK_MODELS": str(models)}
        assert call(environment, "clean", "--json")[0] == 0  # as after any use: dbt's project is parsed
        with read_only(home):
            clear_error(*call(environment, *EVALUATE), "read-only", "CLINSEEK_HOME")
            clear_error(*call(environment, "clean", "--remove", "dbt"), "ead-only")
            clear_error(*call(environment, "ui", "--port", "39997"), "ead-only")
            assert call(environment, "clean", "--json")[0] == 0, "looking writes nothing"
            clear_error(*call(environment, "doctor"), "cannot be written to")
        assert not record.arrived, "what cannot be kept was asked"
        code, told = call(environment, *EVALUATE)
        assert code == 0, told


def test_a_home_of_another_user(unanswered: dict[str, str], tmp_path: Path):
    """Root without its right to pass over permissions is a user like any other."""
    as_any_user = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", "--")
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can give a home to somebody else")
    models = models_file(tmp_path / "models.yaml", "http://127.0.0.1:9", [MODEL], 4)
    home = Path(unanswered["CLINSEEK_HOME"])
    home.chmod(0o700)
    shutil.chown(home, "nobody")
    environment = {**unanswered, "CLINSEEK_MODELS": str(models)}
    clear_error(*call(environment, *EVALUATE, before=as_any_user), "What to do", "permissions")
