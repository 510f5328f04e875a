from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from clinseek_assets.construction.draw import draw, meet_quota, shuffled, slot_of
from clinseek_assets.construction.survey import Key
from clinseek_assets.faults import Fault

RISK_TASK = "ICU_Readmission"


def decision_keys(subtask: str, *patients: int) -> list[Key]:
    return [Key(subtask, patient, place, "", ()) for place, patient in enumerate(patients)]


def risk_keys(yes: list[int], no: list[int]) -> list[Key]:
    answers = [*((patient, "yes") for patient in yes), *((patient, "no") for patient in no)]
    return [Key(RISK_TASK, patient, place, answer, ()) for place, (patient, answer) in enumerate(answers)]


patients = st.integers(1, 6)


@given(yes=st.lists(patients, max_size=25), no=st.lists(patients, max_size=25), count=st.integers(1, 30))
@settings(max_examples=200, deadline=None)
def test_risk_questions_are_half_and_half_and_no_patient_has_more_than_three(yes, no, count):
    drawn = draw(RISK_TASK, shuffled(RISK_TASK, risk_keys(yes, no), 1), count)
    answers = Counter(key.answer for key in drawn)
    assert len(drawn) <= count and len(drawn) == len(set(drawn))
    assert answers["no"] - answers["yes"] == (count % 2 if len(drawn) == count else 0) or answers == {"no": 1}
    assert max(Counter(key.subject_id for key in drawn).values(), default=0) <= 3


def test_where_both_answers_have_enough_patients_as_many_are_drawn_as_asked_for():
    for count in range(1, 21):
        assert (
            len(draw(RISK_TASK, shuffled(RISK_TASK, risk_keys(list(range(10)), list(range(9, 20))), 1), count)) == count
        )


def test_the_rarer_answer_limits_the_other():
    drawn = draw(RISK_TASK, shuffled(RISK_TASK, risk_keys([1, 2, 3], list(range(10, 60))), 1), 40)
    assert Counter(key.answer for key in drawn) == {"yes": 3, "no": 3}


def test_an_odd_count_has_one_no_more():
    drawn = draw(RISK_TASK, shuffled(RISK_TASK, risk_keys(list(range(30)), list(range(30, 60))), 1), 7)
    assert Counter(key.answer for key in drawn) == {"yes": 3, "no": 4}


def test_a_patient_with_many_questions_gives_three():
    drawn = draw("poe", shuffled("poe", decision_keys("poe", *[1] * 50, 2), 5), 40)
    assert Counter(key.subject_id for key in drawn) == {1: 3, 2: 1}


def test_the_draw_depends_on_the_seed_and_not_on_the_order_in_which_patients_were_read():
    keys = decision_keys("poe", *range(100))
    assert shuffled("poe", keys, 1) == shuffled("poe", keys[::-1], 1) != shuffled("poe", keys, 2)


def test_rare_names_are_drawn_sooner_where_the_published_rule_weighs_them():
    names = ["common"] * 900 + ["rare"] * 100
    keys = [Key("next_event", patient, 0, "", (name,)) for patient, name in enumerate(names)]
    first = [Counter(key.names[0] for key in shuffled("next_event", keys, seed)[:100])["rare"] for seed in range(20)]
    # With weights of one over the frequency each name has the same chance at first: far more than one in ten.
    assert 40 <= np.mean(first) <= 55
    unweighed = [key._replace(subtask="poe") for key in keys]
    plain = [Counter(key.names[0] for key in shuffled("poe", unweighed, seed)[:100])["rare"] for seed in range(20)]
    assert 5 <= np.mean(plain) <= 15


def most_patients(drawn: list[Key], pool: list[Key]) -> int:
    """The largest number of patients of any draw with these slots: a maximum matching of patients to places."""
    places = [slot_of(key) for key in drawn]
    people = sorted({key.subject_id for key in pool})
    can_take = {(key.subject_id, slot_of(key)) for key in pool}
    edges = np.array([[(person, slot) in can_take for slot in places] for person in people], dtype=np.int8)
    return int((maximum_bipartite_matching(csr_array(edges), perm_type="column") >= 0).sum())


pools = st.lists(
    st.tuples(st.sampled_from(["poe", "emar", "omr", "services"]), st.integers(1, 12)), min_size=1, max_size=60
)


def pool_of(pairs: list[tuple[str, int]]) -> list[Key]:
    return [Key(subtask, patient, place, "", ()) for place, (subtask, patient) in enumerate(pairs)]


@given(pairs=pools, counts=st.tuples(*[st.integers(1, 8)] * 4), data=st.data())
@settings(max_examples=300, deadline=None)
def test_every_quota_up_to_the_largest_possible_is_met_without_touching_subtasks_or_limits(pairs, counts, data):
    pool = pool_of(pairs)
    drawn = []
    for subtask, count in zip(("poe", "emar", "omr", "services"), counts, strict=True):
        drawn += draw(subtask, [key for key in pool if key.subtask == subtask], count)
    largest = most_patients(drawn, pool)
    start = len({key.subject_id for key in drawn})
    quota = data.draw(st.integers(start, largest))
    met = meet_quota(drawn, pool, quota)
    assert len({key.subject_id for key in met}) == quota
    assert Counter(map(slot_of, met)) == Counter(map(slot_of, drawn))
    assert len(set(met)) == len(met) and set(met) <= set(pool)
    assert max(Counter((key.subject_id, key.subtask) for key in met).values()) <= 3
    with pytest.raises(Fault, match=f"at most {largest}"):
        meet_quota(drawn, pool, largest + 1)


@given(pairs=pools, count=st.integers(1, 8), less=st.integers(1, 6))
@settings(max_examples=200, deadline=None)
def test_a_smaller_quota_is_met_or_refused_and_the_draw_stays_whole(pairs, count, less):
    pool = pool_of(pairs)
    by_subtask = {subtask: [key for key in pool if key.subtask == subtask] for subtask, _ in pairs}
    drawn = [key for subtask in sorted(by_subtask) for key in draw(subtask, by_subtask[subtask], count)]
    quota = len({key.subject_id for key in drawn}) - less
    assume(quota > 0)
    try:
        met = meet_quota(drawn, pool, quota)
    except Fault as fault:
        assert "not found with fewer than" in str(fault)
        return
    assert len({key.subject_id for key in met}) == quota
    assert Counter(map(slot_of, met)) == Counter(map(slot_of, drawn))
    assert max(Counter((key.subject_id, key.subtask) for key in met).values()) <= 3


def test_one_patient_can_carry_what_three_did():
    pool = decision_keys("poe", 1, 2, 3, 1, 1)
    assert {key.subject_id for key in meet_quota(pool[:3], pool, 1)} == {1}
