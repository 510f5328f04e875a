"""One small built release for all tests that look at it; each works on a copy of its own."""

from __future__ import annotations

import pytest

from clinseek_assets_tests.release.a_release import lay_release
from clinseek_assets_tests.release.bed import Bed, linked_copy
from clinseek_assets_tests.release.built import build, settings_of


@pytest.fixture(scope="session")
def built_release(tmp_path_factory):
    """A small release of both splits, its sources, and all that is built of them."""
    root = tmp_path_factory.mktemp("release") / "home"
    lay_release(root)
    build(settings_of(root))
    return root


@pytest.fixture
def bed(built_release, tmp_path):
    """A copy to plant faults in."""
    linked_copy(built_release, tmp_path / "home")
    return Bed(tmp_path / "home")
