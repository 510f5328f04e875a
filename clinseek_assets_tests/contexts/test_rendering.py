"""Curated input against texts written by hand from the published layout rules."""

from datetime import datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clinseek_assets.contexts.display import DISPLAY, from_the_source
from clinseek_assets.contexts.rendering import latest_bracketed_time, render_event, render_input
from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.timeline.events import EVENT_TABLES, Event
from clinseek_assets.timeline.windows import NEVER_SHOWN, ContextWindow

TEN = datetime(2150, 1, 1, 10)
DEMOGRAPHICS = Event("patients", None, None, None, ({"anchor_age": 52, "gender": "F", "dod": None},))


def event(table, *rows, start=TEN):
    return Event(table, start, start, 20000001, rows)


def window(*events, history=None, admission=None, demographics=DEMOGRAPHICS):
    return ContextWindow("labevents", demographics, history, admission, tuple(events))


GOLDEN = {
    "patients": (
        DEMOGRAPHICS,
        "## Patient Demographics [None]\n- Anchor_Age: 52\n- Gender: F",
    ),
    "admissions": (
        event("admissions", {"admission_type": "URGENT", "admission_location": None, "admission_info": None}),
        "## Admissions [2150-01-01 10:00:00]\n"
        "- Admission_Type: URGENT\n- Admission_Location: nan\n- Admission_Info: None",
    ),
    "several laboratory tests": (
        event(
            "labevents",
            {
                "item_name": "Sodium", "valuenum": 140.0, "valueuom": "mEq/L", "ref_range_lower": 133.0,
                "ref_range_upper": 145.5, "flag": None, "comments": "___",
            },
            {
                "item_name": None, "valuenum": None, "valueuom": None, "ref_range_lower": None,
                "ref_range_upper": None, "flag": "abnormal", "comments": "high|low\nrepeat",
            },
        ),
        "## Labotary Test Events [2150-01-01 10:00:00]\n"
        "| Item_Name | Valuenum | Valueuom | Ref_Range_Lower | Ref_Range_Upper | Flag | Comments |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        "| Sodium | 140.0 | mEq/L | 133.0 | 145.5 | nan | ___ |\n"
        "| None | nan | nan | nan | nan | abnormal | high\\|low<br>repeat |",
    ),
    "prescriptions": (
        event(
            "prescriptions",
            {
                "drug": "0.9% Sodium Chloride ", "ATC Type": None, "prod_strength": "", "dose_val_rx": "1,000",
                "dose_unit_rx": "mL",
            },
        ),
        "## Prescriptions [2150-01-01 10:00:00]\n- Drug: 0.9% Sodium Chloride \n- Atc Type: None\n"
        "- Prod_Strength: nan\n- Dose_Val_Rx: 1,000\n- Dose_Unit_Rx: mL",
    ),
    "diagnoses without a time": (
        event("diagnoses_icd", {"title": "Sepsis", "CCS Type": "Septicemia"}, start=None),
        "## Diagnoses on International Classification of Diseases [None]\n- Title: Sepsis\n- Ccs Type: Septicemia",
    ),
    "procedures": (
        event("procedures_icd", {"title": "Dialysis", "CCS Type": "Hemodialysis"}),
        "## Procedures on International Classification of Diseases [2150-01-01 10:00:00]\n"
        "- Title: Dialysis\n- Ccs Type: Hemodialysis",
    ),
    "diagnoses of the emergency department": (
        event("diagnosis", {"icd_title": "CHEST PAIN", "CCS Type": "Nonspecific chest pain"}),
        "## ED Diagnoses on International Classification of Diseases [2150-01-01 10:00:00]\n"
        "- Icd_Title: CHEST PAIN\n- Ccs Type: Nonspecific chest pain",
    ),
    "a radiology report": (
        event("radiology", {"note_type": "RR", "exam_name": ["CHEST (PA & LAT)", "PELVIS"], "text": "One.\n\n| Two."}),
        "## Radiology Examinations [2150-01-01 10:00:00]\n- Note_Type: RR\n"
        "- Exam_Name: ['CHEST (PA & LAT)', 'PELVIS']\n- Text: One.\n\n| Two.",
    ),
    "an ICU stay": (event("icustays", {"los": 3.2}, {"los": 1.0}), "## ICUstays [2150-01-01 10:00:00]"),
    "vital signs": (
        event(
            "vitalsign",
            {
                "temperature": 98.6, "heartrate": -0.0, "resprate": 18.0, "o2sat": 99.0, "sbp": 120, "dbp": 70,
                "rhythm": None, "pain": "None",
            },
        ),
        "## Vitalsign [2150-01-01 10:00:00]\n- Temperature: 98.6\n- Heartrate: 0.0\n- Resprate: 18.0\n- O2Sat: 99.0\n"
        "- Sbp: 120\n- Dbp: 70\n- Rhythm: nan\n- Pain: None",
    ),
    "two chart events": (
        event(
            "chartevents",
            {"item_name": "Heart Rate", "valuenum": 88.0, "valueuom": "bpm", "warning": 0},
            {"item_name": "Heart Rhythm", "valuenum": None, "valueuom": None, "warning": None},
        ),
        "## Chart Events [2150-01-01 10:00:00]\n"
        "| Item_Name | Valuenum | Valueuom | Warning |\n| --- | --- | --- | --- |\n"
        "| Heart Rate | 88.0 | bpm | 0 |\n| Heart Rhythm | nan | nan | nan |",
    ),
    "DRG codes": (event("drgcodes", {"drg_code": "194"}, start=None), ""),
    "billed services": (event("hcpcsevents", {"hcpcs_cd": "99218"}), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", GOLDEN)
def test_an_event_is_rendered_by_the_published_rules(name):
    made, expected = GOLDEN[name]
    assert render_event(made) == expected


def test_blocks_stand_in_order_with_one_blank_line_between():
    text = render_input(
        window(
            event("services", {"curr_service": "MED"}),
            history=event("discharge", {"note_type": "DS", "text": "Home."}, start=datetime(2149, 6, 1)),
            admission=event(
                "admissions", {"admission_type": "URGENT", "admission_location": "ER", "admission_info": "Ill"}
            ),
        )
    )
    assert text == (
        "## Patient Demographics [None]\n- Anchor_Age: 52\n- Gender: F\n\n"
        "## Discharge [2149-06-01 00:00:00]\n- Note_Type: DS\n- Text: Home.\n\n"
        "## Admissions [2150-01-01 10:00:00]\n"
        "- Admission_Type: URGENT\n- Admission_Location: ER\n- Admission_Info: Ill\n\n"
        "## Services [2150-01-01 10:00:00]\n- Curr_Service: MED"
    )  # fmt: skip


def test_what_is_not_there_leaves_extra_blank_lines():
    service = event("services", {"curr_service": "MED"})
    text = render_input(window(service, event("hcpcsevents", {}), service))
    block = "## Services [2150-01-01 10:00:00]\n- Curr_Service: MED"
    assert text.split(render_event(DEMOGRAPHICS))[1] == f"\n\n\n\n\n\n{block}\n\n\n\n{block}"


def test_every_kind_of_event_has_a_rule_but_the_two_that_the_release_never_shows():
    assert set(EVENT_TABLES) - set(DISPLAY) == NEVER_SHOWN
    assert set(DISPLAY) <= set(TABLES)


def test_only_these_columns_are_looked_up_rather_than_read():
    shown = [(table, column) for table, rule in DISPLAY.items() for column in rule.columns]
    looked_up = {(table, column) for table, column in shown if not from_the_source(table, column)}
    assert {column for _, column in looked_up} == {
        "item_name", "title", "CCS Type", "ATC Type", "exam_name", "admission_info",
    }  # fmt: skip
    assert len(looked_up) == 16


@pytest.mark.parametrize(
    ("text", "latest"),
    [
        ("", None),
        ("## Patient Demographics [None]", None),
        ("## A [2150-01-01 10:00:00]\n## B [2149-12-31 23:59:59]", TEN),
        ("- Text: seen [2150-01-02 00:00:00] again\n## B [2150-01-01 10:00:00]", TEN + timedelta(hours=14)),
        ("[2150-13-01 10:00:00] [2150-02-30 10:00:00]", None),
        ("2150-01-01 10:00:00", None),
        ("[2150-01-01]", None),
        ("[2150-01-01 10:00:00.250000]", TEN + timedelta(milliseconds=250)),
        ("[٢150-01-01 10:00:00]", None),
    ],
)
def test_the_latest_bracketed_time_is_the_greatest_anywhere_in_the_text(text, latest):
    assert latest_bracketed_time(text) == latest


WITHOUT_BRACKETS = st.none() | st.integers() | st.floats() | st.text().filter(lambda text: "[" not in text)
TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2250, 1, 1)).map(lambda moment: moment.replace(microsecond=0))


@st.composite
def events_of(draw, table, times=TIMES):
    rows = draw(st.lists(st.fixed_dictionaries(dict.fromkeys(DISPLAY[table].columns, WITHOUT_BRACKETS)), min_size=1,
                         max_size=3))  # fmt: skip
    return event(table, *rows, start=draw(times))


ANY_EVENT = st.sampled_from(sorted(DISPLAY)).flatmap(lambda table: events_of(table, TIMES | st.none()))


@given(st.lists(ANY_EVENT, max_size=6), st.none() | events_of("discharge"), st.none() | events_of("admissions"))
def test_the_latest_bracketed_time_is_the_latest_start_where_no_value_has_brackets(events, history, admission):
    shown = window(*events, history=history, admission=admission)
    starts = [block.start for block in (history, admission, *events) if block and block.start]
    assert latest_bracketed_time(render_input(shown)) == max(starts, default=None)


@given(events_of("labevents"))
@example(event("labevents", {"comments": "a | b\r\nc\rd"}, {"comments": "\\|"}))
def test_a_table_keeps_one_line_a_row_whatever_the_values(made):
    if len(made.rows) > 1:
        lines = render_event(made).split("\n")
        assert len(lines) == 3 + len(made.rows)
        for line in lines[1:]:
            assert line.replace("\\|", "").count("|") == len(DISPLAY["labevents"].columns) + 1
