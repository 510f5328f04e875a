"""What the tests of seeking baselines share."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinseek_assets_tests.models.baselines.a_life import DICTIONARIES
from clinseek_assets_tests.records.pinned.lives import write_reference


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reference(tmp_path_factory.mktemp("reference") / "reference.db", DICTIONARIES)
