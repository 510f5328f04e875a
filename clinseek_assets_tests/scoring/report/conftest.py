"""One made-up home for the tests of the report."""

from __future__ import annotations

import pytest

from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets_tests.scoring.report.made_up import Made, made_up_home, report_of


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A report of two models and a floor row over a few subtasks of both kinds."""
    home = tmp_path_factory.mktemp("made_up")
    return report_of(made_up_home(home, 2, tuple(SUBTASKS)[16:20]))
