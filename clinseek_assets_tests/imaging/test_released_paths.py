"""What a released path may say, and to whom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from clinseek_assets.imaging.released_paths import read_image_path, read_report_path
from clinseek_assets.imaging.troubles import TROUBLES, ImageFault
from clinseek_assets_tests.imaging.films import DICOM, NESTED, PREFIX, RELEASED, STUDY, SUBJECT

REPORT = f"{PREFIX}/mimic-cxr-reports/files/p19/p{SUBJECT}/s{STUDY}.txt"


@pytest.mark.parametrize("path", [RELEASED, NESTED, f"mimic-cxr/2.0.0/{NESTED}", f"2.1.0-lite/{NESTED}"])
def test_patient_study_and_image_are_read_with_the_package_name_or_without(path: str) -> None:
    image = read_image_path(path, "ehrxqa", SUBJECT)
    assert (image.subject_id, image.study_id, image.dicom_id) == (SUBJECT, STUDY, DICOM)
    assert f"files/{image.folder}/{image.dicom_id}.jpg" == NESTED
    assert image.flat_name == f"p19_p{SUBJECT}_s{STUDY}_{DICOM}"


def test_a_report_names_its_study() -> None:
    assert read_report_path(REPORT, "ehrxqa", SUBJECT).study_id == STUDY


@pytest.mark.parametrize(
    ("path", "dataset", "subject", "kind"),
    [
        (RELEASED, "medmod", SUBJECT, "foreign_prefix"),
        (f"SomeOriginalLinked_v1/{NESTED}", "ehrxqa", SUBJECT, "foreign_prefix"),
        (RELEASED, "ehrxqa", SUBJECT + 1, "wrong_patient"),
        (RELEASED.replace("/p19/", "/p18/"), "ehrxqa", SUBJECT, "wrong_patient"),
        (f"/data/{NESTED}", "ehrxqa", SUBJECT, "not_a_path"),
        (f"{PREFIX}/../{NESTED}", "ehrxqa", SUBJECT, "not_a_path"),
        (f"{PREFIX}//{NESTED}", "ehrxqa", SUBJECT, "not_a_path"),
        (f"./{NESTED}", "ehrxqa", SUBJECT, "not_a_path"),
        (f"C:/{NESTED}", "ehrxqa", SUBJECT, "not_a_path"),
        (NESTED.replace("/", "\\"), "ehrxqa", SUBJECT, "not_a_path"),
        (f"{NESTED}\n", "ehrxqa", SUBJECT, "not_a_path"),
        (f"{NESTED}\0.png", "ehrxqa", SUBJECT, "not_a_path"),
        (NESTED.replace(".jpg", ".dcm"), "ehrxqa", SUBJECT, "not_a_path"),
        (NESTED.replace("19990001/", "٩٩٩٠٠٠١/"), "ehrxqa", SUBJECT, "not_a_path"),  # digits of another script
        (REPORT, "ehrxqa", SUBJECT, "not_a_path"),
        ("", "ehrxqa", SUBJECT, "not_a_path"),
    ],
)
def test_what_is_not_a_path_of_the_row_is_named(path: str, dataset: str, subject: int, kind: str) -> None:
    with pytest.raises(ImageFault) as raised:
        read_image_path(path, dataset, subject)
    assert raised.value.kind == kind
    assert str(SUBJECT) not in str(raised.value)


SEGMENTS = some.sampled_from(
    [
        "..",
        ".",
        "",
        "files",
        "p19",
        f"p{SUBJECT}",
        f"s{STUDY}",
        f"{DICOM}.jpg",
        "EHRXQAOriginalLinked_v1",
        "~",
        "\\..",
        "etc",
    ]
)
WILD = some.one_of(some.lists(SEGMENTS, max_size=9).map("/".join), some.text(max_size=60))


@given(WILD, some.text(max_size=8))
def test_whatever_is_taken_is_this_patient_s_and_leads_nowhere_else(start: str, end: str) -> None:
    for path in (f"{start}/{NESTED}", f"{start}{NESTED}", f"{NESTED}{end}", start):
        try:
            image = read_image_path(path, "ehrxqa", SUBJECT)
        except ImageFault as fault:
            assert fault.kind in TROUBLES
            continue
        assert ".." not in path.split("/") and not path.startswith("/") and "\\" not in path and path.isascii()
        assert image.subject_id == SUBJECT and f"{image.folder}/{image.dicom_id}.jpg" in path
