from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.construction.candidates import Vocabulary, category_of, seeded
from clinseek_assets.timeline.dictionaries import Dictionaries


def vocabulary(size: int, kinds: int = 1) -> Vocabulary:
    """Names `0:…`, `1:…`, of so many kinds; the n-th name is n + 1 times as frequent as the rarest."""
    names = {f"{number % kinds}:{number}": number + 1 for number in range(size)}
    return Vocabulary(names, lambda name: name.partition(":")[0])


@given(size=st.integers(1, 400), kinds=st.integers(1, 60), data=st.data(), seed=st.integers(0, 9))
@settings(max_examples=150, deadline=None)
def test_candidates_hold_the_gold_each_name_once_and_are_as_many_as_the_rule_says(size, kinds, data, seed):
    names = [f"{number % kinds}:{number}" for number in range(size)]
    gold = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=100, unique=True))
    offered = vocabulary(size, kinds).candidates(gold, random.Random(seed))
    assert set(gold) <= set(offered) <= set(names)
    assert len(offered) == len(set(offered)) == min(size, 100)
    assert offered == vocabulary(size, kinds).candidates(gold, random.Random(seed))


def test_neighbours_are_of_the_golds_kind_and_about_as_frequent():
    offered = vocabulary(2000, kinds=2).candidates(["1:1001"], random.Random(1))
    assert {name[0] for name in offered} == {"1"}
    numbers = [int(name.partition(":")[2]) for name in offered]
    # Twice as many neighbours as are needed stand to choose from: 198 of the kind, 396 numbers, half on either side.
    assert min(numbers) >= 1001 - 220 and max(numbers) <= 1001 + 250


def test_each_gold_name_has_its_share_of_neighbours():
    offered = vocabulary(4000, kinds=4).candidates(["0:400", "3:3999"], random.Random(1))
    assert Counter(name[0] for name in offered) == {"0": 50, "3": 50}


def test_small_categories_are_filled_up_from_the_others():
    offered = vocabulary(400, kinds=100).candidates(["7:7"], random.Random(1))
    assert sum(name.startswith("7:") for name in offered) == 4
    assert len(offered) == 100


def test_the_gold_does_not_stand_at_a_place_of_its_own():
    places = Counter(
        vocabulary(300).candidates(["0:150"], seeded(1, "candidates", qid)).index("0:150") // 25 for qid in range(400)
    )
    assert set(places) == {0, 1, 2, 3} and min(places.values()) > 60


def test_a_generator_depends_on_the_seed_and_on_what_it_is_for():
    drawn = {seeded(seed, "candidates", qid).random() for seed in (1, 2) for qid in ("a", "b")}
    assert len(drawn) == 4
    assert seeded(1, "candidates", "a").random() in drawn


@pytest.mark.parametrize(
    ("subtask", "one", "other", "alike"),
    [
        ("labevents", "Sodium", "Potassium", True),
        ("labevents", "Sodium", "pH", False),
        ("chartevents", "Heart Rate", "Heart Rhythm", True),
        ("emar", "Heparin", "haloperidol", True),
        ("emar", "Heparin", "Insulin", False),
        ("radiology", "CHEST (PA)", "CHEST (LAT)", True),
        ("radiology", "CHEST (PA)", "CT HEAD", False),
        ("prescriptions_atc", "DIURETICS", "BETA BLOCKERS", True),
        ("prescriptions_atc", "DIURETICS", "ANTIBACTERIALS", False),
        ("diagnoses_icd", "Cholera", "Typhoid fever", True),
        ("diagnoses_icd", "Cholera", "Hypertension", False),
        ("diagnosis", "CHOLERA", "TYPHOID FEVER", True),
        ("diagnoses_ccs", "Intestinal infection", "Hypertension class", False),
        ("procedures_icd", "Paracentesis", "Laparotomy", True),
        ("microbiologyevents", "URINE CULTURE", "MRSA SCREEN", True),
    ],
)
def test_categories_come_from_the_dictionaries(subtask, one, other, alike):
    known = Dictionaries(
        diagnoses={("A00", 10): "Cholera", ("A01", 10): "Typhoid fever", ("I10", 10): "Hypertension"},
        procedures={("5491", 9): "Paracentesis", ("5411", 9): "Laparotomy"},
        ccs_diagnoses={("A00", 10): "Intestinal infection", ("I10", 10): "Hypertension class"},
        lab_groups={"Sodium": "Blood/Chemistry", "Potassium": "Blood/Chemistry", "pH": "Blood/Blood Gas"},
        icu_groups={"Heart Rate": "Routine Vital Signs", "Heart Rhythm": "Routine Vital Signs"},
        atc_groups={"DIURETICS": "C", "BETA BLOCKERS": "C", "ANTIBACTERIALS": "J"},
    )
    category = category_of(SUBTASKS[subtask], known)
    assert (category(one) == category(other)) is alike
