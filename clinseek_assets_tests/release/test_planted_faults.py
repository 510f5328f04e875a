"""Each of the planted faults is named by the right check, at the right row, and a release without one passes.

The small catalogue runs over a release by hand; the same list over the synthetic `full` release is slow.
"""

from __future__ import annotations

import pytest

from clinseek_assets.release import validation
from clinseek_assets.release.manifests import SPLITS, manifest_checks, read_split
from clinseek_assets.release.scope import Scope
from clinseek_assets_tests.release import artifact_faults, linked_file_faults, manifest_faults
from clinseek_assets_tests.release.bed import Bed
from clinseek_assets_tests.release.faults import PlantedFault

FAULTS = (*manifest_faults.FAULTS, *linked_file_faults.FAULTS, *artifact_faults.FAULTS)
PARTS = {part.__name__: (split, part) for split, parts in validation.PARTS.items() for part in parts}


def checks_of(bed: Bed, fault: PlantedFault):
    """The checks of the part that a fault is in."""
    if fault.part == "manifest":
        return manifest_checks(bed.settings, SPLITS)
    split, part = PARTS[fault.part]
    return list(part(Scope(bed.settings), read_split(bed.settings, split)[1]))


def is_named(fault: PlantedFault, says, checks) -> None:
    """The right check fails and names the right places, and no other check fails of it."""
    failing = {check.name: check for check in checks if not check.ok}
    assert fault.check in failing, sorted(failing)
    first = failing[fault.check].first
    for place in says:
        assert place in first if place.startswith("row ") else place in "\n".join(first), first
    others = [name for name in failing if name != fault.check and not name.startswith(fault.also or ("\0",))]
    assert not others


def test_there_are_enough_faults_and_each_has_its_name():
    assert len(FAULTS) >= 60
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


def test_a_release_without_a_fault_passes(bed):
    checks = validation.release_checks(Scope(bed.settings), SPLITS)
    assert [check for check in checks if not check.ok or check.warning] == []
    assert len(checks) > 90


def test_what_was_not_made_yet_is_missed_by_the_command_and_not_by_the_graph(bed):
    for split, arm, group in (("text", "curated_strict", "radiology"), ("multimodal", "curated", "phenotype")):
        bed.layout.contexts(split, arm, group).unlink()
    bed.layout.links("image_links", "phenotype").unlink()
    not_made = {
        ("text_strict_contexts", "radiology"),
        ("multimodal_contexts", "phenotype"),
        ("image_links", "phenotype"),
    }
    so_far = Scope(bed.settings, made=lambda artifact, partition: (artifact, partition) not in not_made)
    assert [check for check in validation.release_checks(so_far, SPLITS) if not check.ok] == []
    failing = {
        check.name: check.first for check in validation.release_checks(Scope(bed.settings), SPLITS) if not check.ok
    }
    assert failing == {
        "text: curated_strict contexts that are there": ("row 2", "row 3", "row 4"),
        "multimodal: curated contexts that are there": ("row 6",),
        "multimodal: image_links of all links": ("row 6",),
    }


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_named(bed, fault):
    patients = {str(q.subject_id) for questions in bed.questions.values() for q in questions}
    says = fault.plant(bed)
    checks = checks_of(bed, fault)
    is_named(fault, says, checks)
    told = "\n".join(str(check) for check in checks)
    assert not [patient for patient in patients if patient in told]
