"""Where linked images lie, in every layout that users have, and nowhere outside of their roots."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinseek_assets.imaging.paths import ABOVE_THE_TREE, ImageFiles
from clinseek_assets.imaging.released_paths import read_image_path
from clinseek_assets.imaging.troubles import ImageFault
from clinseek_assets_tests.imaging.films import DICOM, FLAT, NESTED, RELEASED, STUDY, SUBJECT, put

PLACES = [
    *(f"{above}/{NESTED}".lstrip("/") for above in ABOVE_THE_TREE),
    FLAT,
    f"mimic-cxr2/{FLAT}",
    f"data/mm_bench/ehrxqa/mimic-cxr/2.0.0/{NESTED}",
    f"mm_bench/ehrxqa/mimic-cxr/2.0.0/{NESTED}",
]


def found(*roots: Path | None) -> Path:
    return ImageFiles(roots).find(RELEASED, "ehrxqa", SUBJECT)


def kind_of_failure(*roots: Path | None) -> str:
    with pytest.raises(ImageFault) as raised:
        found(*roots)
    return raised.value.kind


@pytest.mark.parametrize("place", PLACES)
def test_every_layout_is_known(tmp_path: Path, place: str) -> None:
    path = put(tmp_path / place)
    assert found(tmp_path) == path


def test_the_first_root_goes_first_and_the_published_order_holds_within_one(tmp_path: Path) -> None:
    jpg, cxr = tmp_path / "jpg", tmp_path / "cxr"
    last, second, first = put(cxr / NESTED), put(jpg / "2.1.0" / NESTED), put(jpg / "2.0.0" / NESTED)
    assert found(jpg, cxr) == first
    first.unlink()
    assert found(jpg, cxr) == second
    second.unlink()
    assert found(None, jpg, cxr) == last
    last.unlink()
    assert kind_of_failure(jpg, cxr) == "missing"


def test_the_package_of_the_other_dataset_is_not_looked_into(tmp_path: Path) -> None:
    put(tmp_path / f"data/mm_bench/medmod/mimic-cxr/2.0.0/{NESTED}")
    assert kind_of_failure(tmp_path) == "missing"


def test_roots_that_are_not_there_hold_nothing(tmp_path: Path) -> None:
    assert (
        kind_of_failure() == kind_of_failure(tmp_path / "no") == kind_of_failure(put(tmp_path / "a file")) == "missing"
    )


def test_a_link_may_stay_within_its_root_but_not_lead_out(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", put(tmp_path / "outside" / "film.jpg")
    (place := root / NESTED).parent.mkdir(parents=True)
    place.symlink_to(outside)
    assert kind_of_failure(root) == "outside_root"
    place.unlink()
    place.symlink_to(put(root / "kept" / "film.jpg"))
    assert found(root) == place


def test_a_linked_folder_that_leads_out_is_noticed_too(tmp_path: Path) -> None:
    put(tmp_path / "outside" / NESTED)
    (root := tmp_path / "root").mkdir()
    (root / "files").symlink_to(tmp_path / "outside" / "files")
    assert kind_of_failure(root) == "outside_root"
    (tmp_path / "named").symlink_to(tmp_path / "outside")  # a root may itself be a link: its user named it
    assert found(tmp_path / "named")


@pytest.mark.parametrize("target", ["nothing", NESTED.rsplit("/", 1)[1]])
def test_links_to_nothing_or_to_themselves_are_missing_files(tmp_path: Path, target: str) -> None:
    (place := tmp_path / NESTED).parent.mkdir(parents=True)
    place.symlink_to(target)
    assert kind_of_failure(tmp_path) == "missing"


def test_a_dicom_is_found_beside_the_image_or_in_the_other_root(tmp_path: Path) -> None:
    jpg, cxr = tmp_path / "jpg", tmp_path / "cxr"
    put(jpg / NESTED)
    image = read_image_path(RELEASED, "ehrxqa", SUBJECT)
    assert ImageFiles([jpg, cxr]).dicom(image) is None
    dicom = put(cxr / "2.0.0" / f"files/p19/p{SUBJECT}/s{STUDY}/{DICOM}.dcm")
    assert ImageFiles([jpg, cxr]).dicom(image) == dicom
