"""Libraries over the finished homes; what they show is only read, so they may be shared."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clinseek_assets.browse.library import Library
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.resources.home import Home


def library_over(home: Path, release: Path) -> Library:
    named = {"CLINSEEK_RELEASE_ROOT": str(release / "release"), "CLINSEEK_MODELS": str(release / "models.yaml")}
    return Library(Home.of(load_settings({"CLINSEEK_HOME": str(home), **named})))


@pytest.fixture(scope="session")
def text_library(finished_home: Path, tiny_release: Path) -> Library:
    return library_over(finished_home, tiny_release)


@pytest.fixture(scope="session")
def seeing_library(multimodal_home: Path, multimodal_release: Path) -> Library:
    return library_over(multimodal_home, multimodal_release)


@pytest.fixture
def unanswered(finished_home: Path, tiny_release: Path, tmp_path: Path) -> Library:
    """A library whose home has questions, and nobody was asked."""
    shutil.copytree(finished_home / "assets" / "manifests", tmp_path / "home" / "assets" / "manifests")
    return library_over(tmp_path / "home", tiny_release)
