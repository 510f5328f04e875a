"""One row a link, in the release's order, with what is wrong in words and nothing left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pandas
import pytest

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.faults import SourceFault
from clinseek_assets.imaging.links import image_links, report_links
from clinseek_assets.imaging.paths import ImageFiles
from clinseek_assets.imaging.schema import IMAGE_LINKS, REPORT_LINKS
from clinseek_assets.imaging.study_times import study_times
from clinseek_assets.imaging.verifier import Verifier
from clinseek_assets.storage.fingerprint import of_bytes
from clinseek_assets_tests.imaging.films import PREFIX, SUBJECT, encoded, grey, put, question, released

TIME = datetime(2150, 6, 1, 13, 5, 9)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with images 0 to 4, of which image 3 is empty."""
    root = tmp_path / "mimic-cxr-jpg"
    for number in range(5):
        content = b"" if number == 3 else encoded(grey(50 + number, 70, seed=number))
        put(root / released(number).removeprefix(f"{PREFIX}/"), content)
    return root


def linked(root: Path, *questions: Question) -> pandas.DataFrame:
    files, verifier = ImageFiles([root]), Verifier(root.parent / "verified.sqlite")
    return image_links(questions, files, verifier, {59_990_001: TIME})


def test_every_link_has_a_row_in_the_release_s_order(root: Path) -> None:
    bad = f"{PREFIX}/../../etc/passwd"
    other = released(1).replace(f"p{SUBJECT}", f"p{SUBJECT + 1}")
    first = question(released(2), released(0), qid="a", row_number=7)
    second = question(released(3), bad, released(9), other, released(0), qid="b", row_number=8)
    frame = IMAGE_LINKS.validate(linked(root, first, second, question(qid="c", row_number=9)))
    assert frame["qid"].tolist() == ["a", "a", "b", "b", "b", "b", "b"]
    assert frame["position"].tolist() == [1, 2, 1, 2, 3, 4, 5]
    assert frame["status"].tolist() == ["ok", "ok", "empty", "not_a_path", "missing", "wrong_patient", "ok"]
    assert frame["released_path"].tolist() == [*first.image_paths, *second.image_paths]
    assert frame["width"].tolist()[:2] == [52, 50] and frame["height"].tolist()[:2] == [70, 70]
    content = Path(frame["path"][0]).read_bytes()
    assert frame["sha256"][0] == of_bytes(content) and frame["bytes"][0] == len(content)
    assert frame["study_time"][0] == pandas.Timestamp(TIME)
    assert pandas.isna(frame["path"][3]) and pandas.isna(frame["study_id"][3]) and frame["study_id"][4] == 59_990_001


def test_no_links_at_all_make_an_empty_frame_of_the_same_shape(root: Path) -> None:
    assert len(IMAGE_LINKS.validate(linked(root))) == len(IMAGE_LINKS.validate(linked(root, question()))) == 0


def test_progress_counts_different_files(root: Path) -> None:
    told: list[tuple[int, int]] = []
    questions = [question(released(0), released(1), qid=qid) for qid in "ab"]
    files = ImageFiles([root])
    image_links(
        questions, files, Verifier(root.parent / "v.sqlite"), {}, lambda done, total: told.append((done, total))
    )
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_study_times_are_read_as_the_lists_have_them() -> None:
    metadata = pandas.DataFrame(
        {
            "study_id": [1, 1, 2, 3, 4],
            "StudyDate": [21500601, 21500601, 21500602, None, 21501332],
            "StudyTime": [130509.75, 130508.0, 509.0, 1.0, 1.0],
        }
    )
    assert study_times(metadata) == {1: datetime(2150, 6, 1, 13, 5, 8), 2: datetime(2150, 6, 2, 0, 5, 9)}


@dataclass
class Texts:
    """Reports by study; one of them cannot be read."""

    texts: dict[int, bytes]
    read_studies: list[int] = field(default_factory=list)

    def locate(self, subject_id: int, study_id: int) -> str | None:
        return f"reports.zip!s{study_id}.txt" if study_id in self.texts else None

    def read(self, subject_id: int, study_id: int) -> bytes:
        self.read_studies.append(study_id)
        if study_id == 5:
            raise SourceFault("The zip is damaged.")
        return self.texts[study_id]


def report(study: int, subject: int = SUBJECT) -> str:
    return f"{PREFIX}/mimic-cxr-reports/files/p19/p{subject}/s{study}.txt"


def test_reports_are_located_read_once_and_hashed() -> None:
    texts = Texts({1: b"IMPRESSION: Clear.", 2: b" \n", 3: b"\xff\xfe", 5: b""})
    paths = (report(1), report(2), report(3), report(4), report(5), report(6, SUBJECT + 1), report(1)[:-4])
    asked = question(qid="a", report_paths=paths), question(qid="b", row_number=2, report_paths=(report(1),))
    frame = REPORT_LINKS.validate(report_links(asked, texts))
    statuses = ["ok", "empty", "unreadable", "missing", "unreadable", "wrong_patient", "not_a_path", "ok"]
    assert frame["status"].tolist() == statuses
    assert frame["where"][0] == "reports.zip!s1.txt" and frame["sha256"][7] == of_bytes(b"IMPRESSION: Clear.")
    assert sorted(texts.read_studies) == [1, 2, 3, 5]
    assert "Clear" not in frame.to_json()


@pytest.mark.parametrize("column", ["sha256", "path", "width"])
def test_the_schema_refuses_a_usable_image_without_its_description(root: Path, column: str) -> None:
    frame = linked(root, question(released(0)))
    frame[column] = pandas.Series([None], dtype=frame[column].dtype)
    with pytest.raises(Exception, match="a_usable_image_is_described"):
        IMAGE_LINKS.validate(frame)


def test_the_schema_refuses_a_link_that_was_dropped(root: Path) -> None:
    with pytest.raises(Exception, match="positions_count_from_one"):
        IMAGE_LINKS.validate(linked(root, question(released(0), released(1))).iloc[1:])
