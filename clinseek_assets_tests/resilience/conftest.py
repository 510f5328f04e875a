"""A home with everything that models are shown, and no answer yet."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from clinseek_assets.automation.rebuild import rebuild
from clinseek_assets.automation.wanted import Wanted
from clinseek_assets.build import build
from clinseek_assets.locations.layout import Layout
from clinseek_assets.resources.instance import dagster_home, open_instance
from clinseek_assets_tests.conftest import once, settings_over

PREPARED = "CLINSEEK_PREPARED_HOME"  # a home that `clinseek demo` or `evaluate --dry-run` made saves the making


@pytest.fixture(scope="session")
def shown_home(shared: Path, tiny_release: Path, parsed_dbt: None) -> Path:
    """A home over the tiny release in which all is made but answers; not to be changed."""
    home = shared / "shown"
    with once(home) as to_do:
        if to_do:
            settings = settings_over(tiny_release, home)
            with open_instance(settings.layout) as instance:
                rebuild(build(settings), instance, wanted=Wanted(models=set(), splits={"text"}))
    return home


@pytest.fixture
def unanswered(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a copy of such a home; its instance is in the state of a new one."""
    home = tmp_path / "home"
    environment = {"CLINSEEK_HOME": str(home), "DAGSTER_HOME": str(home / "dagster")}
    if prepared := os.environ.get(PREPARED):
        shutil.copytree(prepared, home)
    else:
        shutil.copytree(request.getfixturevalue("shown_home"), home)
        release = request.getfixturevalue("tiny_release")
        environment["CLINSEEK_RELEASE_ROOT"] = str(release / "release")
        environment["MIMIC_IV_ROOT"] = str(release / "sources" / "mimic_iv")
    (home / "dagster" / "dagster.yaml").unlink()
    monkeypatch.setenv("DAGSTER_HOME", "")  # which the next line names for all that this process starts
    dagster_home(Layout(home))
    return environment
