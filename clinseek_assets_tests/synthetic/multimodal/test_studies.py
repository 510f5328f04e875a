"""Studies out of lives: where they lie, who they belong to, that the ill show more, and what CheXpert makes of them."""

from datetime import timedelta

import pytest

from clinseek_assets.benchmark.vocabularies import CHEXPERT_LABELS
from clinseek_assets.synthetic.multimodal.chest import WIDE_HEART, WIDE_MEDIASTINUM, chest_of
from clinseek_assets.synthetic.multimodal.chest import heart_ratio as heart
from clinseek_assets.synthetic.multimodal.chest import mediastinum_ratio as mediastinum
from clinseek_assets.synthetic.multimodal.ehrxqa_questions import changes
from clinseek_assets.synthetic.multimodal.findings import findings
from clinseek_assets.synthetic.multimodal.lives import draw_lives

SEED = 5
LIVES = draw_lives(400, SEED)
STUDIES = [study for life in LIVES for study in life.studies]


def test_the_catalogue_has_all_labels_but_no_finding():
    assert list(findings()) == [label for label in CHEXPERT_LABELS if label != "No Finding"]


def test_the_catalogue_speaks_of_conditions_that_there_are():
    from clinseek_assets.synthetic.vocabulary import vocabulary

    for finding in findings().values():
        assert set(finding.conditions) <= set(vocabulary().conditions)
        assert set(finding.comorbidities) <= set(vocabulary().comorbidities)
        assert set(finding.sides) <= {*finding.places, "both"}


def test_ids_are_unique_and_well_formed():
    ids = [study.study_id for study in STUDIES]
    assert len(set(ids)) == len(ids) and all(50_000_000 <= number < 60_000_000 for number in ids)
    images = [name for study in STUDIES for name in (study.dicom_id, study.lateral_id, study.repeated_id) if name]
    assert len(set(images)) == len(images) and {len(name) for name in images} == {44}


def test_studies_lie_in_their_visits_and_stays():
    for life in LIVES:
        times = [study.time for study in life.studies]
        assert times == sorted(times)
        for study in life.studies:
            emergency, admission = study.visit.emergency, study.visit.admission
            start = emergency.intime if emergency else admission.admittime
            end = admission.end if admission else emergency.outtime
            assert start <= study.time <= end
            if study.stay_id:
                (place,) = (one for one in admission.places if one.icu_stay_id == study.stay_id)
                assert place.intime <= study.time <= place.outtime and study.view == "AP"


def test_every_stay_of_half_a_day_has_a_frontal_image():
    stayed = [
        (life, place)
        for life in LIVES
        for admission in life.admissions
        for place in admission.icu_places
        if place.outtime - place.intime > timedelta(hours=12)
    ]
    filmed = {study.stay_id for study in STUDIES}
    share = sum(place.icu_stay_id in filmed for _, place in stayed) / len(stayed)
    assert share > 0.95


def test_the_ill_and_the_dying_show_more():
    def mean(studies):
        return sum(len(study.present) for study in studies) / len(studies)

    ill = [study for study in STUDIES if study.illness > 0.6]
    well = [study for study in STUDIES if study.illness < 0.3]
    assert mean(ill) > mean(well) + 1.2
    admitted = [study for study in STUDIES if study.visit.admission]
    dying = [study for study in admitted if study.visit.admission.deathtime]
    living = [study for study in admitted if not study.visit.admission.deathtime]
    assert mean(dying) > mean(living) + 0.5


def test_an_illness_shows_what_it_is():
    def share(condition, label):
        studies = [study for study in STUDIES if study.visit.condition.name == condition]
        return sum(label in study.present for study in studies) / len(studies)

    assert share("pneumonia", "Pneumonia") > share("gi_bleed", "Pneumonia") + 0.3
    assert share("heart_failure", "Cardiomegaly") > share("pneumonia", "Cardiomegaly") + 0.3
    assert share("trauma", "Fracture") > share("sepsis", "Fracture") + 0.2


def test_labels_are_one_zero_minus_one_or_nothing():
    values = {value for study in STUDIES for value in study.chexpert.values()}
    assert values == {1.0, 0.0, -1.0, None}
    for study in STUDIES[:500]:
        assert tuple(study.chexpert) == CHEXPERT_LABELS
        found = {label for label, value in study.chexpert.items() if value in (1.0, -1.0)}
        assert (study.chexpert["No Finding"] == 1.0) == (found <= {"Support Devices", "No Finding"})
        assert {label for label, value in study.chexpert.items() if value == -1.0} == study.unsure
        assert set(study.positives) - {"No Finding"} == set(study.present)


def test_hearts_and_mediastina_are_wide_exactly_where_they_are_said_to_be():
    chests = {life.patient.number: chest_of(life.patient, SEED) for life in LIVES}
    for study in STUDIES:
        chest = chests[study.patient_number]
        assert (heart(chest, study) > WIDE_HEART) == ("Cardiomegaly" in study.present)
        assert (mediastinum(chest, study) > WIDE_MEDIASTINUM) == ("Enlarged Cardiomediastinum" in study.present)


@pytest.mark.parametrize("change", ["new", "resolved", "unchanged"])
def test_findings_come_and_go_and_stay(change):
    pairs = [(life.studies[1], life.studies[0]) for life in LIVES if len(life.studies) > 1]
    share = sum(bool(changes(study, earlier)[change]) for study, earlier in pairs) / len(pairs)
    assert 0.15 < share < 0.9
