"""Questions about X-rays: what their wordings are read as, and what is answered over films with known findings."""

from __future__ import annotations

from typing import Any

import pytest

from clinseek_assets.benchmark.vocabularies import CHEXPERT_LABELS
from clinseek_assets.models.baselines import PARTICIPANTS
from clinseek_assets.models.baselines.multimodal import judgements
from clinseek_assets.models.baselines.multimodal.films import Film, films_of
from clinseek_assets.models.baselines.multimodal.judgements import USUAL_LABELS
from clinseek_assets.models.baselines.multimodal.xray_answers import label_answer, xray_answer
from clinseek_assets.models.baselines.multimodal.xray_questions import XrayQuestion, read_question
from clinseek_assets.models.baselines.multimodal.xray_words import xray_words
from clinseek_assets.records.tools.specs import Picture
from clinseek_assets_tests.models.xrays import asked, shelf_of

READERS = [name for name, participant in PARTICIPANTS.items() if participant.kind == "evidence"]
FLOORS = [name for name, participant in PARTICIPANTS.items() if participant.kind == "floor"]


def film(*labels: str, taken: str = "") -> Film:
    """A film on which these labels are seen plainly and no other."""
    scores = {label: 0.97 if label in labels else 0.03 for label in CHEXPERT_LABELS}
    return Film(taken, {**scores, "No Finding": 0.03 if labels else 0.97})


def reading(question: str, *, compares: bool = False) -> XrayQuestion:
    return read_question(f"<cxr_info>\nlist all\n</cxr_info>\n\n<question>\n{question}\n</question>", compares=compares)


@pytest.mark.parametrize(
    ("question", "form", "attributes", "places"),
    [
        ("Is there pneumothorax?", "yes_no", ["pneumothorax"], []),
        ("given the study 51, is there lung opacity in the left lung?", "yes_no", ["lung opacity"], ["left lung"]),
        (
            "Given the last study of patient 1 this year, are there both picc and ij line?",
            "yes_no",
            ["picc", "ij line"],
            [],
        ),
        (
            "In study 51, does the heart take up more than half of the thorax?",
            "yes_no",
            ["enlarged cardiac silhouette"],
            [],
        ),
        (
            "given the study 51, is the width of the upper mediastinum wider than 1/3 of the thorax width?",
            "yes_no",
            ["mediastinal widening"],
            ["upper mediastinum"],
        ),
        (
            "given the study 51, which disease is related to the left lung, copd/emphysema or pneumonia?",
            "choice",
            ["copd/emphysema", "pneumonia"],
            ["left lung"],
        ),
        (
            "which anatomical location is related to atelectasis, the left lung or the right lung?",
            "choice",
            ["atelectasis"],
            ["left lung", "right lung"],
        ),
        ("list all abnormality in the right lower lung zone.", "list", [], ["right lower lung zone"]),
        ("What are all the tubes, lines and devices that study 51 shows?", "list", [], []),
        ("list all anatomical locations related to pleural effusion.", "list", ["pleural effusion"], []),
        ("Tell me something.", "list", [], []),
    ],
)
def test_wordings_are_read(question: str, form: str, attributes: list[str], places: list[str]) -> None:
    read = reading(question)
    assert read.form == form and read.change is None
    assert [each.name for each in read.attributes] == attributes
    assert [each.name for each in read.places] == places


@pytest.mark.parametrize(
    ("question", "change"),
    [
        ("Is pneumonia newly detected in study 52 compared to study 51?", "new"),
        ("Has edema resolved in study 52 since the previous study?", "resolved"),
        ("Is atelectasis of study 51, seen before, no longer there in study 52?", "resolved"),
        ("Is rib fracture still present in study 52?", "unchanged"),
        ("What are the findings that did not change between the studies?", "unchanged"),
        ("Has the effusion improved compared to the previous study?", "better"),
        ("Is the opacity worse than in the previous study?", "worse"),
        ("Is there any difference between the two?", "changed"),
    ],
)
def test_changes_are_read(question: str, change: str) -> None:
    assert reading(question, compares=True).change == change


@pytest.mark.parametrize(
    ("question", "seen", "answer"),
    [
        ("Is there pneumothorax?", ["Pneumothorax"], ["yes"]),
        ("Is there pneumothorax?", ["Edema"], ["no"]),
        ("Is there either pneumothorax or consolidation?", ["Consolidation"], ["yes"]),
        ("Are there both pneumothorax and consolidation?", ["Consolidation"], ["no"]),
        ("Are there any abnormality?", ["Lung Lesion"], ["yes"]),
        ("Are there any abnormality?", [], ["no"]),
        ("Is the cardiac silhouette abnormal?", ["Cardiomegaly"], ["yes"]),
        ("Is the cardiac silhouette abnormal?", ["Pneumonia"], ["no"]),
        ("Are there any tubes/lines?", ["Support Devices"], ["yes"]),
        ("Are there any tubes/lines?", ["Pneumonia"], ["no"]),
        ("Which finding does it show, pneumothorax or consolidation?", ["Consolidation"], ["consolidation"]),
        (
            "Which finding does it show, atelectasis or consolidation?",
            ["Consolidation", "Atelectasis"],
            ["atelectasis", "consolidation"],
        ),
        ("Which finding does it show, pneumothorax or consolidation?", [], ["pneumothorax"]),
        ("List all abnormality.", ["Pleural Effusion", "Pneumonia"], ["pleural effusion", "pneumonia"]),
        ("List all diseases.", ["Pleural Effusion", "Pneumonia"], ["pneumonia"]),
        (
            "List all abnormality in the left costophrenic angle.",
            ["Pleural Effusion", "Fracture"],
            ["pleural effusion"],
        ),
        (
            "Which anatomical location is related to fracture, the left chest wall or the carina?",
            ["Fracture"],
            ["left chest wall"],
        ),
        (
            "list all anatomical locations related to enlarged cardiac silhouette.",
            ["Cardiomegaly"],
            ["cardiac silhouette"],
        ),
    ],
)
def test_answers_over_one_film(question: str, seen: list[str], answer: list[str]) -> None:
    assert xray_answer(reading(question), [film(*seen)]) == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Is pneumonia newly detected in study 52 compared to study 51?", ["yes"]),
        ("Is edema newly detected in study 52 compared to study 51?", ["no"]),
        ("Has vascular congestion resolved in study 52?", ["yes"]),
        ("Has atelectasis resolved in study 52?", ["no"]),
        ("Is atelectasis still present in study 52?", ["yes"]),
        ("Is pneumonia still present in study 52?", ["no"]),
        ("Is pneumonia worse in study 52?", ["yes"]),
        ("Is there any change in pneumonia?", ["yes"]),
        ("List all findings that are new in study 52 compared to study 51.", ["pneumonia"]),
        ("List all findings of study 51 that have resolved in study 52.", ["vascular congestion"]),
        ("List all findings that are still present.", ["atelectasis"]),
    ],
)
def test_answers_over_two_films(question: str, answer: list[str]) -> None:
    films = [film("Atelectasis", "Edema"), film("Atelectasis", "Pneumonia")]
    assert xray_answer(reading(question, compares=True), films) == answer


def test_labels_of_the_last_film() -> None:
    assert label_answer([film("Fracture"), film("Edema", "Pneumonia")], ["x"]) == ["Edema", "Pneumonia"]
    assert label_answer([film()], ["x"]) == ["No Finding"]
    assert label_answer([], ["x"]) == ["x"]


def test_every_word_is_of_a_known_label_and_every_label_has_a_name() -> None:
    words = xray_words()
    labels = {each.label for each in words.attributes.values() if each.label}
    assert labels | {label for place in words.places.values() for label in place.labels} <= set(CHEXPERT_LABELS)
    assert {each.label for each in words.attributes.values() if each.named} == set(CHEXPERT_LABELS) - {"No Finding"}
    assert set(USUAL_LABELS) == set(CHEXPERT_LABELS) - {"No Finding"}
    assert {each.category for each in words.attributes.values()} == set(words.categories)
    for category in words.categories:
        usual = [each.usual for each in words.attributes.values() if each.category == category]
        assert max(usual) == usual[0]


def test_a_longer_name_hides_the_shorter_ones_in_it() -> None:
    words = xray_words()
    named = words.attributes_in("pulmonary edema/hazy opacity, lung opacity and a linear/patchy atelectasis")
    assert [each.name for each in named] == [
        "pulmonary edema/hazy opacity",
        "lung opacity",
        "linear/patchy atelectasis",
    ]
    assert [each.name for each in words.attributes_in("opacity-free, tubes")] == []


def test_films_stand_in_the_order_of_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    first, second = shelf_of(tmp_path, [asked(images=2)]).of(asked(images=2)).pictures
    assert [one.taken for one in films_of([second, first])] == ["2150-01-01 10:00:00", "2150-01-02 10:00:00"]
    unknown = Picture(second.data, "Image 1 of 2: study 5")
    assert [one.taken for one in films_of([unknown, first])] == ["", "2150-01-01 10:00:00"]


@pytest.mark.parametrize("name", READERS)
def test_a_reader_looks_at_the_pixels_that_it_is_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judgements, "films_of", lambda pictures: [film("Pleural Effusion") for _ in pictures])
    answer = PARTICIPANTS[name].answer
    picture = (Picture(b"", ""),)
    about = asked(inner="Is there pleural effusion?")
    assert (answer(about, "", None, picture), answer(about, "", None)) == (["yes"], ["no"])
    labels = asked(group="finding_enumeration", task_type="medmod_radiology", inner="Which findings?")
    assert answer(labels, "", None, picture) == ["Pleural Effusion"]
    assert answer(labels, "", None) == ["Support Devices", "Pleural Effusion"]


@pytest.mark.parametrize("name", FLOORS)
def test_a_floor_row_looks_at_no_picture(name: str) -> None:
    about = asked(inner="Is there pleural effusion?")
    word = "yes" if name == "always_yes" else "no"
    assert PARTICIPANTS[name].answer(about, "", None, (Picture(b"not opened", ""),)) == [word]


@pytest.mark.parametrize("name", PARTICIPANTS)
@pytest.mark.parametrize(
    ("group", "task_type", "inner"),
    [
        ("finding_presence", "ehrxqa_image", "Which finding is it, edema or pneumonia?"),
        ("finding_enumeration", "ehrxqa_image", "List all devices."),
        ("finding_enumeration", "medmod_radiology", "Which findings does this study show?"),
        ("change_comparison", "ehrxqa_image", "List all findings that are new compared to the previous study."),
        ("mortality_24h", "medmod_decompensation", "Will the patient die within 24 hours?"),
        ("inpatient_mortality", "medmod_in_hospital_mortality", "Will the patient die?"),
        ("phenotype", "medmod_phenotyping", "Which phenotypes?"),
    ],
)
def test_everybody_answers_every_group_without_evidence_and_without_frequencies(
    name: str, group: str, task_type: str, inner: str
) -> None:
    about = asked(group=group, task_type=task_type, inner=inner)
    answer = PARTICIPANTS[name].answer(about, "", None)
    assert answer and all(answer) and len(set(answer)) == len(answer)
    if group.endswith(("mortality", "24h")):
        assert answer in (["yes"], ["no"])
    other = asked(group=group, task_type=task_type, inner=inner, gold=("x",), label=["x"], input="x", extra={"a": "x"})
    assert PARTICIPANTS[name].answer(other, "", None) == answer
