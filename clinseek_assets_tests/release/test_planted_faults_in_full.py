"""The same planted faults over the synthetic release that has exactly the released counts; minutes."""

from __future__ import annotations

import shutil

import pytest

from clinseek_assets.benchmark.released_counts import OFFICIAL
from clinseek_assets.release import validation
from clinseek_assets.release.manifests import SPLITS
from clinseek_assets.release.scope import Scope
from clinseek_assets.synthetic.release import synthesize
from clinseek_assets_tests.release.bed import Bed, linked_copy
from clinseek_assets_tests.release.built import build, settings_of
from clinseek_assets_tests.release.test_planted_faults import FAULTS, checks_of, is_named

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def full_release(tmp_path_factory):
    root = tmp_path_factory.mktemp("full") / "home"
    synthesize("full", root)
    build(settings_of(root))
    return root


@pytest.fixture
def bed(full_release, tmp_path):
    linked_copy(full_release, tmp_path / "home")
    yield Bed(tmp_path / "home")
    shutil.rmtree(tmp_path / "home")


def test_all_counts_are_the_released_ones_and_nothing_is_missing(full_release):
    checks = {check.name: check for check in validation.release_checks(Scope(settings_of(full_release)), SPLITS)}
    assert [check for check in checks.values() if not check.ok or check.warning] == []
    assert OFFICIAL.multimodal is not None
    for dataset in ("ehrxqa", "medmod"):
        databases = checks[f"multimodal: {dataset} patient databases of their patient"]
        assert databases.found == OFFICIAL.multimodal.patients[dataset]
    assert checks["text: patient databases of their patient"].found == 1563
    assert checks["multimodal: linked images that can be read and decoded"].found == 827
    assert checks["multimodal: linked reports in UTF-8"].found == 356
    assert checks["multimodal: rows"].found == 989


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_named(bed, fault):
    says = fault.plant(bed)
    is_named(fault, says, checks_of(bed, fault))
