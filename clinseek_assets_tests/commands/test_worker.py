"""`clinseek worker` refuses to start where it could not work, in words that show no password."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("dagster_celery", reason="the extra `cluster` is not installed")

from clinseek_assets.commands.worker import reach
from clinseek_assets.faults import Fault
from clinseek_assets_tests.cluster.head import binary
from clinseek_assets_tests.services import redis
from clinseek_assets_tests.services.waiting import free_port


def started(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    named = {"CLINSEEK_HOME": str(folder / "home"), **environment}
    return subprocess.run(
        [binary("clinseek"), "worker"], env={**os.environ, **named}, capture_output=True, text=True, timeout=120
    )


def test_without_a_broker_it_says_what_to_name(tmp_path):
    done = started(tmp_path)
    assert done.returncode == 1
    assert "CLINSEEK_BROKER" in done.stderr and "Traceback" not in done.stderr


def test_a_broker_that_does_not_answer_is_named_by_its_address():
    port = free_port()
    with pytest.raises(Fault, match=f"127.0.0.1:{port} does not answer") as caught:
        reach(f"redis://:hunter2@127.0.0.1:{port}/0")
    assert "hunter2" not in str(caught.value)


@pytest.mark.skipif(bool(redis.absent()), reason=redis.absent())
def test_a_wrong_password_is_told_as_such_and_the_right_one_will_do(tmp_path):
    with redis.broker(tmp_path / "redis") as url:
        reach(url)
        with pytest.raises(Fault, match="refuses this password") as caught:
            reach(url.replace(redis.PASSWORD, "hunter2"))
    assert "hunter2" not in str(caught.value)
