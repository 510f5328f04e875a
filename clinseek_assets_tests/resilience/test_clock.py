"""The clock is set back, or jumps: runs that live are not taken for dead, nothing is asked again, nothing is lost."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from clinseek_assets_tests.resilience.answering import answering, journalled, models_file
from clinseek_assets_tests.resilience.calling import call, ended, start
from clinseek_assets_tests.resilience.test_disk import FEW, answers

FAKETIME = shutil.which("faketime")
AT = {"DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}
BACK, FORTH = (FAKETIME or "", "-f", "-3d"), (FAKETIME or "", "-f", "+40d")
ARGUMENTS = ("--arm", "curated", *(word for name in FEW for word in ("--subtask", name)))

pytestmark = [pytest.mark.slow, pytest.mark.skipif(FAKETIME is None, reason="faketime is not installed")]


@pytest.mark.parametrize("changed", [BACK, FORTH], ids=["set back", "jumped"])
def test_a_run_that_is_killed_goes_on_under_another_time(
    changed: tuple[str, ...], unanswered: dict[str, str], tmp_path: Path
):
    home = Path(unanswered["CLINSEEK_HOME"])
    with answering(0.3) as (record, url):
        models = models_file(tmp_path / "models.yaml", url, ["asked", "other"], 1, dollars=1.0)
        environment = {**unanswered, **AT, "CLINSEEK_MODELS": str(models)}
        first = start(environment, "evaluate", "--model", "asked", *ARGUMENTS)
        while len(record.arrived) < 3:
            assert first.poll() is None, ended(first)
            time.sleep(0.1)
        first.kill()
        ended(first)
        kept, asked = journalled(home), len(record.arrived)
        assert kept
        code, told = call(environment, "evaluate", "--model", "asked", *ARGUMENTS, before=changed)
        assert code == 0, told
        assert not kept & set(record.arrived[asked:])
        assert all(frame["outcome"].ne("endpoint_failed").all() for frame in answers(home))


def test_a_run_that_lives_is_left_alone_by_one_with_another_clock(unanswered: dict[str, str], tmp_path: Path):
    with answering(1.5) as (record, url):
        models = models_file(tmp_path / "models.yaml", url, ["asked", "other"], 1)
        environment = {**unanswered, **AT, "CLINSEEK_MODELS": str(models)}
        first = start(environment, "evaluate", "--model", "asked", *ARGUMENTS)
        while not record.arrived:
            assert first.poll() is None, ended(first)
            time.sleep(0.1)
        code, told = call(environment, "evaluate", "--model", "other", "--limit", "1", *ARGUMENTS, before=FORTH)
        assert code == 0, told
        code, told = ended(first)
        assert code == 0, told
