"""Two at once on one home: what may share shares and pays once, what may not is told so."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from clinseek_assets_tests.resilience.answering import answering, models_file
from clinseek_assets_tests.resilience.calling import call as called
from clinseek_assets_tests.resilience.calling import clear_error, ended, start
from clinseek_assets_tests.resilience.servers import serving_home
from clinseek_assets_tests.resilience.test_clock import ARGUMENTS
from clinseek_assets_tests.resilience.test_disk import FEW, MODEL, answers
from clinseek_assets_tests.services.waiting import free_port

EVALUATE = ("evaluate", "--model", MODEL, *ARGUMENTS)

pytestmark = pytest.mark.slow


def test_two_that_evaluate_the_same_pay_once(unanswered: dict[str, str], tmp_path: Path):
    with answering(0.5) as (record, url):
        environment = {**unanswered, "CLINSEEK_MODELS": str(models_file(tmp_path / "models.yaml", url, [MODEL], 2))}
        both = [start(environment, *EVALUATE) for _ in range(2)]
        for code, told in map(ended, both):
            assert code == 0, told
    counted = record.counted()
    assert counted.total() == len(counted) > 0
    assert all(frame["outcome"].ne("endpoint_failed").all() for frame in answers(Path(unanswered["CLINSEEK_HOME"])))


def test_a_backfill_and_evaluate_at_once_pay_once(unanswered: dict[str, str], tmp_path: Path):
    with answering(0.5) as (record, url):
        environment = {**unanswered, "CLINSEEK_MODELS": str(models_file(tmp_path / "models.yaml", url, [MODEL], 2))}
        with serving_home(environment, tmp_path / "servers") as servers:
            backfill = servers.page.backfill(["text_curated_predictions"], [f"{MODEL}|{name}" for name in FEW])
            code, told = called(environment, *EVALUATE)
            assert code == 0, told
            assert servers.page.ended(backfill, 600) == "COMPLETED_SUCCESS", servers.logged()
    counted = record.counted()
    assert counted.total() == len(counted) > 0


def test_a_home_is_served_once(unanswered: dict[str, str], tmp_path: Path):
    environment = {
        **unanswered,
        "CLINSEEK_MODELS": str(models_file(tmp_path / "m.yaml", "http://127.0.0.1:9", ["a"], 1)),
    }
    first, port = start(environment, "ui", "--port", str(free_port())), free_port()
    try:
        served = Path(unanswered["DAGSTER_HOME"]) / ".served"
        while not served.is_file() or not served.read_text():
            assert first.poll() is None, ended(first)
            time.sleep(0.2)
        address = served.read_text().strip()
        clear_error(*called(environment, "ui", "--port", str(port)), "served already", address, "stop it first")
        time.sleep(3.0)  # it has become Dagster's own program by now
        clear_error(*called(environment, "ui", "--port", str(port)), "served already", address)
    finally:
        first.send_signal(signal.SIGTERM)
        ended(first)
    again = start(environment, "ui", "--port", address.rpartition(":")[2])
    time.sleep(8.0)
    assert again.poll() is None, ended(again)
    again.send_signal(signal.SIGTERM)
    ended(again)
