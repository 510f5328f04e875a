"""There is something to see: a thumbnail tells every finding that is drawn, and a file holds nothing but pixels."""

import dataclasses
import io

import numpy
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from clinseek_assets.synthetic.multimodal.chest import chest_of
from clinseek_assets.synthetic.multimodal.drawing import draw, film
from clinseek_assets.synthetic.multimodal.findings import DEVICES, SUPPORT_DEVICES, findings
from clinseek_assets.synthetic.multimodal.lives import draw_lives
from clinseek_assets.synthetic.multimodal.studies import Sight
from clinseek_assets.synthetic.profiles import PROFILES
from clinseek_assets.synthetic.randomness import Dice

SEED = 5
SIZE = (160, 192)
LIVES = [life for life in draw_lives(280, SEED) if life.studies]
FULL_SIZE = PROFILES["full"].multimodal.image_size


def showing(study, *sights):
    return dataclasses.replace(study, sights=sights)


def pixels(image):
    return numpy.asarray(image, dtype=float)


def sight(label, dice, strength=None):
    devices = tuple(dice.some(list(DEVICES), dice.randint(1, 4))) if label == SUPPORT_DEVICES else ()
    side = dice.weighted(findings()[label].sides)
    return Sight(label, side, strength or 0.4 + 0.6 * dice.random(), True, devices)


@pytest.fixture(scope="module")
def thumbnails():
    """Thumbnails of studies that show findings by chance alone, the labels, and whose chest it is."""
    dice, images, labels, owners = Dice("thumbnails"), [], [], []
    for life in LIVES:
        chest = chest_of(life.patient, SEED)
        for study in life.studies[:3]:
            chosen = [label for label in findings() if dice.chance(0.22)]
            shown = showing(study, *(sight(label, dice) for label in chosen))
            picture = Image.open(io.BytesIO(film(chest, shown, SIZE, SEED))).resize((32, 32), Image.Resampling.BOX)
            images.append(pixels(picture).ravel())
            labels.append([label in chosen for label in findings()])
            owners.append(life.patient.number)
    return numpy.array(images), numpy.array(labels), numpy.array(owners)


def test_a_thumbnail_tells_every_finding(thumbnails):
    images, labels, owners = thumbnails
    train, test = next(GroupShuffleSplit(1, test_size=0.35, random_state=0).split(images, groups=owners))
    told = {}
    with threadpool_limits(1):
        for place, label in enumerate(findings()):
            model = make_pipeline(StandardScaler(), LogisticRegression(C=0.003, max_iter=300))
            model.fit(images[train], labels[train, place])
            told[label] = roc_auc_score(labels[test, place], model.decision_function(images[test]))
    assert len(told) == 13 and all(area >= 0.75 for area in told.values()), told


@pytest.mark.parametrize("label", list(findings()))
def test_the_plainer_a_finding_the_more_it_changes_the_picture(label):
    life = LIVES[0]
    chest, study = chest_of(life.patient, SEED), life.studies[0]

    def changed(strength, sure=True):
        shown = dataclasses.replace(sight(label, Dice("a"), strength), sure=sure)
        with_it = draw(chest, showing(study, shown), SIZE, SEED)
        return numpy.abs(pixels(with_it) - pixels(draw(chest, showing(study), SIZE, SEED))).mean()

    assert changed(1.0) > changed(0.45) > 0
    if label != SUPPORT_DEVICES:  # a tube is there or it is not
        assert changed(0.45) > changed(0.1, sure=False) > 0


def test_a_finding_is_drawn_on_its_side():
    life = LIVES[0]
    chest, study = chest_of(life.patient, SEED), life.studies[0]
    without = pixels(draw(chest, showing(study), SIZE, SEED))
    for side, half in (("right", slice(None, 80)), ("left", slice(80, None))):
        shown = showing(study, Sight("Pleural Effusion", side, 0.9, True))
        change = numpy.abs(pixels(draw(chest, shown, SIZE, SEED)) - without)
        assert change[:, half].sum() > 0.95 * change.sum()


def test_files_are_grey_of_their_size_and_hold_no_exif_and_no_comment(written):
    files = sorted((written.sources / "mimic_cxr_jpg").rglob("*.jpg"))
    assert files
    for path in files:
        with Image.open(path) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "L", (320, 384))
            assert not image.getexif() and not {"exif", "comment", "icc_profile"} & set(image.info)
            grey = pixels(image)
        assert grey.std() > 20 and grey.min() < 80 < 150 < grey.max()


def test_the_module_that_draws_knows_no_letters():
    from pathlib import Path

    from clinseek_assets.synthetic.multimodal import appearances, drawing

    for module in (appearances, drawing):
        code = Path(module.__file__).read_text(encoding="utf-8")
        assert "ImageFont" not in code and ".text(" not in code


def test_the_same_study_gives_the_same_bytes_and_another_exposure_others():
    life = LIVES[0]
    chest, study = chest_of(life.patient, SEED), life.studies[0]
    again = film(chest, study, SIZE, SEED)
    assert film(chest, study, SIZE, SEED) == again
    assert film(chest, dataclasses.replace(study, dicom_id="another"), SIZE, SEED) != again
    with Image.open(io.BytesIO(film(chest, study, FULL_SIZE, SEED))) as image:
        assert image.size == FULL_SIZE


def test_exposure_differs_between_studies():
    life = max(LIVES, key=lambda life: len(life.studies))
    chest = chest_of(life.patient, SEED)
    means = [pixels(draw(chest, showing(study), SIZE, SEED)).mean() for study in life.studies[:8]]
    assert max(means) - min(means) > 5
