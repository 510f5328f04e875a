"""Anchors are found again exactly, or not at all."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.contexts.refinding import Fits, Refound, Sought, fits, settled
from clinseek_assets.contexts.rendering import latest_bracketed_time, render_input
from clinseek_assets.timeline.anchors import anchors
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets.timeline.events import trajectory_of
from clinseek_assets.timeline.windows import Beginning
from clinseek_assets_tests.contexts.patients import (
    DAY,
    STAY,
    THE_MORNING,
    a_morning_in_hospital,
    at,
    patient_rows,
    question,
)  # fmt: skip

KNOWN = Dictionaries(lab_items={50983: "Sodium"})
MORNING = Beginning(at(8), "admissions")


def search(rows, task, moment, *label):
    return settled(fits(trajectory_of(rows, KNOWN), [Sought("q", task, moment, frozenset(label))]))["q"]


def test_the_anchor_is_the_event_whose_window_ends_then_and_whose_label_is_the_gold():
    assert search(a_morning_in_hospital(), "services", at(10), "MED") == Refound("exact", THE_MORNING, None, MORNING)


@pytest.mark.parametrize(
    ("task", "moment", "label"),
    [
        ("services", at(10), ["SURG"]),
        ("services", at(10), ["MED", "SURG"]),
        ("services", at(10), ["med"]),
        ("services", at(10), []),
        ("services", at(10, 0, 1), ["MED"]),
        ("services", at(11), ["MED"]),
        ("poe", at(10), ["MED"]),
    ],
)
def test_nothing_is_found_where_time_or_label_or_subtask_is_another(task, moment, label):
    assert search(a_morning_in_hospital(), task, moment, *label) == Refound("not_found")


def test_the_label_s_order_does_not_matter():
    rows = a_morning_in_hospital()
    rows["services"].append(rows["services"][0] | {"curr_service": "SURG", "source_row": 2})
    assert search(rows, "services", at(10), "SURG", "MED").context == THE_MORNING


def test_without_a_latest_event_time_the_window_ends_a_second_before_the_prediction_time():
    assert Sought.of(question(qid="q", latest_event_time=None)) == Sought("q", "services", at(10), frozenset({"MED"}))


def test_a_target_in_the_second_of_its_last_event_is_found_by_the_published_rule_of_ties():
    rows = a_morning_in_hospital()
    rows["services"][0]["transfertime"] = at(10)
    assert search(rows, "services", at(9), "MED").ties == "strict"
    assert search(rows, "services", at(10), "MED") == Refound("exact", THE_MORNING, "published", MORNING)


def two_admissions_that_ask_the_same(between):
    """The same kind of admission twice behind one laboratory test, with something in between."""
    first, second = ({"hadm_id": STAY, "admittime": moment, "admission_type": "URGENT"}
                     for moment in (at(22, 30), DAY + timedelta(days=1)))  # fmt: skip
    test = {"hadm_id": STAY, "charttime": at(22), "itemid": 50983}
    return patient_rows(admissions=[first, second], labevents=[test], **between)


def test_several_anchors_that_show_different_windows_are_not_guessed_from():
    # The billed service takes the place of an empty block in the second window, and in no other way do they differ.
    billed = {"hadm_id": STAY, "chartdate": (DAY + timedelta(days=1)).date(), "hcpcs_cd": "99218"}
    rows = two_admissions_that_ask_the_same({"hcpcsevents": [billed]})
    rows["admissions"][1]["admittime"] += timedelta(minutes=30)
    assert search(rows, "admissions", at(22), "URGENT") == Refound("ambiguous")


def test_several_anchors_that_show_the_same_window_are_one():
    # Arriving in the second admission's own second is not part of its context, and so both windows hold the test only.
    arrival = {"hadm_id": STAY, "stay_id": 1, "intime": DAY + timedelta(days=1), "outtime": DAY + timedelta(days=2)}
    rows = two_admissions_that_ask_the_same({"edstays": [arrival]})
    found = search(rows, "admissions", at(22), "URGENT")
    assert (found.status, found.context.count("## Labotary Test Events")) == ("exact", 1)


def test_deleted_evidence_is_missing_from_the_context():
    rows = a_morning_in_hospital()
    rows["labevents"] = []
    found = search(rows, "services", at(10), "MED")
    assert found.status == "exact"
    assert found.context == THE_MORNING.replace(
        THE_MORNING[THE_MORNING.index("## Labotary") : THE_MORNING.index("## Provider")], ""
    )


TIME_COLUMNS = {"labevents": "charttime", "poe": "ordertime", "services": "transfertime", "emar": "charttime"}
VALUES = {
    "labevents": [{"itemid": 50983}, {"itemid": 1}],
    "poe": [{"order_type": "Lab"}, {"order_type": "Consults"}],
    "services": [{"curr_service": "MED"}, {"curr_service": "SURG"}],
    "emar": [{"medication": "Heparin"}, {"medication": None}],
}


@st.composite
def lives(draw):
    tables = {table: [] for table in TIME_COLUMNS}
    for table in draw(st.lists(st.sampled_from(sorted(TIME_COLUMNS)), min_size=2, max_size=12)):
        moment = DAY + timedelta(hours=draw(st.integers(0, 40)))
        row = {TIME_COLUMNS[table]: moment, "hadm_id": draw(st.sampled_from([STAY, STAY + 1, None]))}
        tables[table].append(row | draw(st.sampled_from(VALUES[table])))
    stays = [{"hadm_id": STAY, "admittime": DAY, "dischtime": DAY + timedelta(days=2), "admission_type": "URGENT"}]
    return patient_rows(**tables, admissions=stays)


@given(st.lists(lives(), min_size=1, max_size=3), st.sampled_from(["strict", "published"]))
def test_a_manifest_of_one_rule_never_gets_another_window_than_its_own(patients, ties):
    for task in ("labevents", "poe", "services", "emar", "next_event", "LengthOfStay_3day"):
        windows, searched = {}, {}
        for rows in patients:
            life = trajectory_of(rows, KNOWN)
            for made in anchors(life, SUBTASKS[task], ties=ties):
                qid = str(len(windows))
                windows[qid] = render_input(made.window)
                assert latest_bracketed_time(windows[qid]) == made.latest_event_time
                searched |= fits(life, [Sought(qid, task, made.latest_event_time, frozenset(made.label))])
        for qid, found in settled(searched).items():
            assert found.status in ("exact", "ambiguous")
            assert found.context == (windows[qid] if found.status == "exact" else None)


def fit(strict="", published=""):
    return Fits(frozenset(strict), frozenset(published))


@pytest.mark.parametrize(
    ("searched", "contested"),
    [
        # a question that one rule alone finds proves the rule
        ({"proof": fit("X", "")}, Refound("exact", "A", "strict")),
        ({"proof": fit("", "X")}, Refound("exact", "B", "published")),
        # no proof, or proofs of both: the rules have to agree
        ({}, Refound("ambiguous")),
        ({"proof": fit("X", "X")}, Refound("ambiguous")),
        ({"proof": fit("X", ""), "other proof": fit("", "X")}, Refound("ambiguous")),
    ],
)
def test_a_rule_of_ties_has_to_be_proved_before_it_decides(searched, contested):
    assert settled(searched | {"contested": fit("A", "B")})["contested"] == contested


@pytest.mark.parametrize(
    ("searched", "ended"),
    [
        (fit(), Refound("not_found")),
        (fit("A", "A"), Refound("exact", "A")),
        (fit("A", ""), Refound("exact", "A", "strict")),
        (fit("", "A"), Refound("exact", "A", "published")),
        (fit("AB", "AB"), Refound("ambiguous")),
        (fit("AB", ""), Refound("ambiguous")),
        (fit("A", "AB"), Refound("ambiguous")),
    ],
)
def test_several_texts_are_ambiguous_and_none_is_not_found(searched, ended):
    assert settled({"q": searched})["q"] == ended
