"""What is sent: order, number, size, captions; and what is not sent."""

from __future__ import annotations

import io
import stat
from collections.abc import Callable
from pathlib import Path

import numpy
import pandas
import pytest
from PIL import Image

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging import pictures
from clinseek_assets.imaging.pictures import PictureShelf, prepare
from clinseek_assets.imaging.thumbnails import make_thumbnails, thumbnail_path
from clinseek_assets.imaging.troubles import ImageFault
from clinseek_assets_tests.imaging.films import PREFIX, STUDY, encoded, grey, put, question, released
from clinseek_assets_tests.imaging.test_links import linked

Shelving = Callable[..., PictureShelf]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelving:
    """A shelf over questions whose images are made as far as they are whole."""

    def shelve(*questions: Question, damaged: str = "", size: tuple[int, int] = (60, 72)) -> PictureShelf:
        for place, path in enumerate(dict.fromkeys(path for one in questions for path in one.image_paths)):
            content = b"" if path == damaged else encoded(grey(*size, seed=place))
            put(tmp_path / "jpg" / path.removeprefix(f"{PREFIX}/"), content)
        return PictureShelf(linked(tmp_path / "jpg", *questions), tmp_path / "private" / "copies")

    return shelve


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_pictures_come_in_the_release_s_order_with_captions(shelf: Shelving) -> None:
    asked = question(released(2), released(1, study=7), released(3))
    shown = shelf(asked).of(asked)
    assert [picture.caption for picture in shown.pictures] == [
        f"Image 1 of 3: study {STUDY}, 2150-06-01 13:05:09",
        "Image 2 of 3: study 7",
        f"Image 3 of 3: study {STUDY}, 2150-06-01 13:05:09",
    ]
    for place, picture in enumerate(shown.pictures):
        original = numpy.asarray(grey(60, 72, seed=place), dtype="int16")
        assert abs(numpy.asarray(opened(picture.data), dtype="int16") - original).mean() < 12
    assert (shown.left_out, shown.note) == (0, "")


@pytest.mark.parametrize(
    ("linked_images", "note"),
    [
        (4, ""),
        (5, "[1 more linked image is not shown: a question shows its first 4 at most.]"),
        (7, "[3 more linked images are not shown: a question shows its first 4 at most.]"),
    ],
)
def test_beyond_four_a_note_says_so(shelf: Shelving, linked_images: int, note: str) -> None:
    asked = question(*map(released, range(linked_images)))
    shown = shelf(asked).of(asked)
    assert (len(shown.pictures), shown.left_out, shown.note) == (4, linked_images - 4, note)


def test_a_question_without_images_shows_none(shelf: Shelving) -> None:
    asked = question(qid="none")
    other = question(released(1), qid="other", row_number=2)
    shown = shelf(asked, other).of(asked)
    assert (shown.pictures, shown.left_out, shown.note) == ((), 0, "")


def test_one_bad_image_stops_its_question_only(shelf: Shelving) -> None:
    bad = question(released(1), released(2), qid="bad", row_number=12)
    good = question(released(1), qid="good", row_number=13)
    shelf_ = shelf(bad, good, damaged=released(2))
    trouble = shelf_.trouble(bad)
    assert trouble is not None and trouble.kind == "empty" and "row 12 of the manifest, image 2" in str(trouble)
    for ask in (shelf_.of, shelf_.images, shelf_.sha256):
        with pytest.raises(ImageFault):
            ask(bad)
    assert shelf_.trouble(good) is None and len(shelf_.of(good).pictures) == 1


def test_a_question_that_links_were_not_made_for_is_no_question_without_images(shelf: Shelving) -> None:
    trouble = shelf().trouble(question(released(1), row_number=3))
    assert trouble is not None and trouble.kind == "missing"


def test_a_file_that_changed_since_is_not_sent(shelf: Shelving, tmp_path: Path) -> None:
    asked = question(released(1))
    shelf_ = shelf(asked)
    put(tmp_path / "jpg" / released(1).removeprefix(f"{PREFIX}/"), encoded(grey(seed=99)))
    with pytest.raises(ImageFault) as raised:
        shelf_.of(asked)
    assert raised.value.kind == "changed"


@pytest.mark.parametrize(
    ("size", "sent"),
    [((3000, 2000), (1568, 1045)), ((900, 3136), (450, 1568)), ((1568, 40), (1568, 40)), ((9, 7), (9, 7))],
)
def test_the_longest_edge_is_kept_to_and_nothing_enlarged(size: tuple[int, int], sent: tuple[int, int]) -> None:
    assert opened(prepare(encoded(Image.new("L", size, 90)))).size == sent


@pytest.mark.parametrize(("mode", "sent"), [("L", "L"), ("RGB", "RGB"), ("CMYK", "RGB")])
def test_grey_stays_grey(mode: str, sent: str) -> None:
    image = opened(prepare(encoded(grey().convert(mode))))
    assert (image.format, image.mode) == ("JPEG", sent)


def test_no_metadata_goes_along() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a patient's name"
    secret = encoded(grey(), exif=exif, comment=b"a patient's name", icc_profile=b"a patient's name")
    assert b"patient" in secret
    assert b"patient" not in prepare(secret)


def test_copies_are_made_once_and_kept_private(
    shelf: Shelving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = question(released(1), released(2))
    first = shelf(asked).of(asked)
    copies = sorted((tmp_path / "private" / "copies").iterdir())
    assert len(copies) == 2
    assert {stat.S_IMODE(copy.stat().st_mode) for copy in copies} == {0o600}
    assert stat.S_IMODE(copies[0].parent.stat().st_mode) == 0o700
    monkeypatch.setattr(pictures, "prepare", lambda content: pytest.fail("decoded again"))
    assert shelf(asked).of(asked) == first


def test_the_hash_is_of_all_that_is_shown_and_needs_no_picture(shelf: Shelving, tmp_path: Path) -> None:
    one, other = question(released(1), released(2), qid="a"), question(released(2), released(1), qid="b", row_number=2)
    many = [question(*map(released, range(count)), qid=f"m{count}", row_number=count) for count in (5, 6)]
    shelf_ = shelf(one, other, *many)
    hashes = [shelf_.sha256(asked) for asked in (one, other, *many)]
    assert len(set(hashes)) == 4
    assert not (tmp_path / "private" / "copies").exists()
    assert hashes == [shelf_.of(asked).sha256 for asked in (one, other, *many)]


def test_thumbnails_are_small_private_and_made_once(shelf: Shelving, tmp_path: Path) -> None:
    asked = question(released(1), released(2))
    images = shelf(asked, size=(500, 600)).images(asked)
    (folder := tmp_path / "thumbnails").mkdir(mode=0o755)
    assert make_thumbnails(images, folder) == 2 and make_thumbnails(images, folder) == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for image in images:
        path = thumbnail_path(folder, image)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600 and str(image.subject_id) not in path.name
        thumbnail = Image.open(path)
        assert (thumbnail.format, thumbnail.size) == ("PNG", (133, 160))


def test_a_frame_read_back_from_a_file_serves_as_well(shelf: Shelving, tmp_path: Path) -> None:
    asked = question(released(1), released(2))
    first = shelf(asked).of(asked)
    links = linked(tmp_path / "jpg", asked)
    links.to_parquet(tmp_path / "links.parquet", index=False)
    again = PictureShelf(pandas.read_parquet(tmp_path / "links.parquet"), tmp_path / "others")
    assert again.of(asked) == first
