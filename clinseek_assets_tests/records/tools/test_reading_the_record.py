"""What the record tools answer: cases from what they promise."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.records.tools.reading_rows import parse_table
from clinseek_assets_tests.records.pinned.lives import BASE, JUST_BEFORE, OWN, PAST, T, at, day

YESTERDAY = T.date() - timedelta(days=1)


def lab(hours: float, **values):
    return {"charttime": at(hours), "storetime": at(hours), **values}


def times(reply, column="charttime"):
    return [row[column] for row in parse_table(reply.text)]


# ------------------------------------------------------------------------------------------------------------- times
def test_both_ends_of_a_range_count(call):
    life = {**BASE, "labevents": [lab(-4), lab(-3), lab(-2), lab(-1)]}
    reply = call(life)("get_records_by_time", table_name="labevents", start_time=str(at(-3)), end_time=str(at(-2)))
    assert times(reply) == [str(at(-3)), str(at(-2))]


def test_a_date_without_a_time_means_the_whole_day(call):
    first, last = f"{YESTERDAY} 00:00:00", f"{YESTERDAY} 23:59:59"
    around = (f"{YESTERDAY - timedelta(days=1)} 23:59:59", first, last, f"{T.date()} 00:00:00")
    life = {**BASE, "chartevents": [{"charttime": time, "storetime": time} for time in around]}
    asked = {"table_name": "chartevents", "start_time": str(YESTERDAY), "end_time": str(YESTERDAY)}
    assert times(call(life)("get_records_by_time", **asked)) == [first, last]


def test_a_row_that_has_a_day_only_counts_where_the_days_overlap(call):
    life = {**BASE, "omr": [{"chartdate": day(-number)} for number in (2, 3, 4)]}
    asked = {"start_time": f"{day(-3)} 08:00:00", "end_time": f"{day(-3)} 20:00:00"}
    assert times(call(life)("get_records_by_time", table_name="omr", **asked), "chartdate") == [str(day(-3))]


def test_under_compat_a_day_is_the_time_that_is_shown(call):
    tool = call({**BASE, "omr": [{"chartdate": day(-3)}]}, "compat")
    assert times(
        tool("get_records_by_time", table_name="omr", start_time=f"{day(-3)} 23:59", end_time=str(day(-3))), "chartdate"
    ) == [f"{day(-3)} 23:59:00"]
    assert not times(
        tool("get_records_by_time", table_name="omr", start_time=f"{day(-3)} 08:00", end_time=f"{day(-3)} 20:00")
    )
    assert (
        len(
            times(
                tool("get_records_by_value", table_name="omr", column_name="chartdate", value=str(day(-3))), "chartdate"
            )
        )
        == 1
    )


def test_fractions_of_a_second_count(call):
    life = {**BASE, "chartevents": [{"charttime": at(-1, 0.25)}, {"charttime": at(-1)}, {"charttime": JUST_BEFORE}]}
    asked = {"table_name": "chartevents", "start_time": str(at(-1, 0.25)), "end_time": str(T)}
    assert times(call(life)("get_records_by_time", **asked)) == ["2150-06-10 11:00:00.25", "2150-06-10 11:59:59.999999"]


def test_a_range_beyond_the_moment_is_no_error_and_shows_nothing_from_then_on(call):
    life = {**BASE, "labevents": [lab(-1), lab(0), lab(2)]}
    reply = call(life)(
        "get_records_by_time", table_name="labevents", start_time=str(at(-1)), end_time="2150-12-31T00:00:00Z"
    )
    assert reply.problem is None and f"The record ends before the current time, {T}" in reply.text
    assert times(reply) == [str(at(-1))]
    within = call(life)("get_records_by_time", table_name="labevents", start_time=str(at(-1)), end_time=str(at(-0.5)))
    assert "The record ends" not in within.text


def test_rows_without_a_time_are_told_and_can_be_found(call):
    row = {"chartdate": at(-200), "storetime": at(-100), "test_name": "CULTURE"}
    tool = call({**BASE, "microbiologyevents": [{**row, "charttime": at(-190)}, {**row, "charttime": None}]})
    reply = tool("get_records_by_time", table_name="microbiologyevents", start_time="2150-01-01", end_time="2150-06-09")
    assert len(parse_table(reply.text)) == 1
    assert "without charttime, which are in no range: 1;" in reply.text
    found = tool("get_records_by_value", table_name="microbiologyevents", column_name="charttime", value="NULL")
    assert times(found) == [None]


def test_a_range_that_ends_before_it_begins_is_told(call):
    reply = call(BASE)("get_records_by_time", table_name="labevents", start_time=str(T), end_time=str(at(-1)))
    assert reply.problem == "bad_arguments" and "lies after" in reply.text


@pytest.mark.parametrize("table", [name for name, table in PATIENT_TABLES.items() if table.event_time is None])
def test_a_table_without_a_time_says_how_to_read_it(call, table):
    for name, asked in (
        ("get_records_by_time", {"start_time": "2150-01-01", "end_time": "2150-01-01"}),
        ("get_latest_records", {}),
    ):
        reply = call(BASE)(name, table_name=table, **asked)
        assert reply.problem == "bad_arguments" and "get_records_by_value" in reply.text


def test_events_are_counted_table_by_table(call):
    life = {**BASE, "labevents": [lab(-30), lab(-2), lab(-1), lab(1)], "chartevents": [{"charttime": at(-2)}],
            "omr": [{"chartdate": day(-2)}], "services": [{"transfertime": at(-90)}]}  # fmt: skip
    reply = call(life)("get_event_counts_by_time", start_time=str(day(-2)), end_time=str(day(30)))
    counted = {row["table"]: int(row["rows"]) for row in parse_table(reply.text)}
    assert counted == {"labevents": 3, "chartevents": 1, "omr": 1, "admissions": 1}
    assert "6 in 4 tables" in reply.text and "Without a time column, not counted: diagnosis, triage" in reply.text


def test_the_latest_records_are_all_those_of_the_latest_time(call):
    life = {**BASE, "labevents": [lab(-2, itemid=1), lab(-1, itemid=2), lab(-1, itemid=3), lab(1, itemid=4)]}
    rows = parse_table(call(life)("get_latest_records", table_name="labevents").text)
    assert [row["itemid"] for row in rows] == ["2", "3"]
    assert (
        call(BASE)("get_latest_records", table_name="labevents").text == "No rows of labevents at its latest charttime."
    )


# ------------------------------------------------------------------------------------------------------------ values
VALUES = [
    lab(-9, itemid=50801, value="10", valuenum=10.0),
    lab(-8, itemid=50802, value="10.0", valuenum=10.5),
    lab(-7, value=" POSITIVE ", valuenum=None),
    lab(-6, value="positive", valuenum=-1),
    lab(-5, value=None),
    lab(-4, value="<10"),
    lab(-3, value="1.0e1"),
    lab(-2, value="010"),
    lab(-1, value="10-20", valuenum=1e6),
]


@pytest.mark.parametrize(
    ("column", "value", "hours"),
    [
        ("valuenum", "10", [-9]), ("valuenum", 10, [-9]), ("valuenum", "10.00", [-9]), ("valuenum", "1e6", [-1]),
        ("valuenum", "-1.0", [-6]), ("valuenum", "NULL", [-8.5, -7, -5, -4, -3, -2]),
        ("itemid", "50801.0", [-9]), ("itemid", 50801, [-9]), ("itemid", "50801.5", []),
        ("value", "10", [-9, -8, -2]), ("value", "10.00", [-9, -8, -2]), ("value", "Positive", [-7, -6]),
        ("value", "posit", []), ("value", "<10", [-4]), ("value", "10-20", [-1]), ("value", "%", []),
        ("value", "NULL", [-5]), ("label", "alveolar-ARTERIAL gradient", [-9]), ("label", "Alveolar%", []),
        ("charttime", str(at(-9)), [-9]), ("charttime", at(-9).isoformat() + "Z", [-9]),
        ("charttime", "2150-06-10", [-9, -8.5, -8, -7, -6, -5, -4, -3, -2, -1]), ("charttime", "2150-06-09", []),
    ],
)  # fmt: skip
def test_values_compare_as_what_the_column_holds(call, column, value, hours):
    extra = lab(-8.5, itemid=50803, value="9.5", valuenum=None)
    reply = call({**BASE, "labevents": [*VALUES, extra]})(
        "get_records_by_value", table_name="labevents", column_name=column, value=value
    )
    assert reply.problem is None
    assert times(reply) == [str(at(hour)) for hour in hours]


def test_codes_are_names_not_numbers(call):
    life = {
        **BASE,
        "diagnoses_icd": [{"hadm_id": PAST, "icd_code": code, "icd_version": 9} for code in ("0389", "389", "V389")],
    }
    for asked, found in (("0389", ["0389"]), ("389", ["389"]), ("v389", ["V389"]), ("389.0", [])):
        reply = call(life)("get_records_by_value", table_name="diagnoses_icd", column_name="icd_code", value=asked)
        assert [row["icd_code"] for row in parse_table(reply.text)] == found


def test_a_value_of_another_kind_is_told(call):
    tool = call({**BASE, "labevents": VALUES})
    for column, kind in (("valuenum", "numbers"), ("itemid", "numbers"), ("charttime", "no time")):
        reply = tool("get_records_by_value", table_name="labevents", column_name=column, value="high")
        assert reply.problem == "bad_arguments" and kind in reply.text


def test_ids_find_their_rows_across_tables(call):
    life = {
        **BASE,
        "transfers": [
            {"hadm_id": OWN, "intime": at(-9), "outtime": None},
            {"hadm_id": PAST, "intime": at(-1990), "outtime": None},
        ],
    }
    for table in ("admissions", "transfers"):
        reply = call(life)("get_records_by_value", table_name=table, column_name="hadm_id", value=f"{OWN}.0")
        assert [row["hadm_id"] for row in parse_table(reply.text)] == [str(OWN)]


def test_few_values_are_all_listed_with_their_counts(call):
    reply = call({**BASE, "labevents": [lab(-1, itemid=item) for item in (7, 10, 7, 9)]})(
        "get_unique_values", table_name="labevents", column_name="itemid"
    )
    assert [(row["itemid"], row["rows"]) for row in parse_table(reply.text)] == [("7", "2"), ("9", "1"), ("10", "1")]
    assert "3 different values" in reply.text and "missing" not in reply.text


def test_missing_values_are_counted_apart(call):
    tool = call({**BASE, "labevents": VALUES})
    reply = tool("get_unique_values", table_name="labevents", column_name="label")
    assert parse_table(reply.text) == [{"label": "Alveolar-arterial Gradient", "rows": "1"}]
    assert f"(NULL): {len(VALUES) - 1}." in reply.text
    assert tool("get_unique_values", table_name="emar", column_name="medication").text == "emar has no rows."
    nothing = tool("get_unique_values", table_name="labevents", column_name="comments")
    assert nothing.text.startswith("0 different values") and not parse_table(nothing.text)


def test_of_many_values_the_most_frequent_are_listed(call):
    rows = [lab(-1, itemid=item) for item in range(60) for _ in range(1 + (item == 33) * 2 + (item == 44))]
    reply = call({**BASE, "labevents": rows})("get_unique_values", table_name="labevents", column_name="itemid")
    found = [(row["itemid"], row["rows"]) for row in parse_table(reply.text)]
    assert len(found) == 50 and found[:3] == [("33", "3"), ("44", "2"), ("0", "1")]
    assert "60 different values" in reply.text and "run_sql_query" in reply.text


@pytest.mark.parametrize("values", [50, 51])
def test_fifty_values_are_few(call, values):
    rows = [lab(-1, itemid=item) for item in reversed(range(values))]
    rows += [lab(-1, itemid=values - 1)]
    found = parse_table(
        call({**BASE, "labevents": rows})("get_unique_values", table_name="labevents", column_name="itemid").text
    )
    assert [row["itemid"] for row in found][:2] == (["0", "1"] if values == 50 else ["50", "0"])


# ---------------------------------------------------------------------------------------------------------- keywords
def test_a_keyword_is_found_in_any_column_whatever_its_case(call):
    life = {**BASE, "labevents": [lab(-3, comments="Hemolyzed SAMPLE"), lab(-2, itemid=50801), lab(-1, value="sample")]}
    tool = call(life)
    for keyword, hours in (
        ("sample", [-3, -1]),
        ("ARTERIAL", [-2]),
        ("50801", [-2]),
        ("2150-06-10 10", [-2]),
        ("zz", []),
    ):
        reply = tool("get_records_by_keyword", table_name="labevents", keyword=keyword)
        assert times(reply) == [str(at(hour)) for hour in hours], keyword


@pytest.mark.parametrize(
    "keyword", ["(", "[", ".*", "a+b", "50%", "_", "\\", "^", "$", "?", "'", '"', "--", "''", "a|b", "%_\\"]
)
def test_a_keyword_is_plain_text(call, keyword):
    life = {**BASE, "labevents": [lab(-2, comments=f"x{keyword}y"), lab(-1, comments="ordinary words, 1 2 3")]}
    for asked in (keyword, f"X{keyword}Y"):
        assert times(call(life)("get_records_by_keyword", table_name="labevents", keyword=asked)) == [str(at(-2))]


def test_letters_beyond_ascii_are_found_in_both_cases(call):
    life = {**BASE, "labevents": [lab(-2, comments="ÉTUDE"), lab(-1, comments="étude")]}
    for keyword in ("étude", "ÉTUDE", "Étude"):
        assert len(times(call(life)("get_records_by_keyword", table_name="labevents", keyword=keyword))) == 2


def test_a_keyword_has_a_bound(call):
    assert call(BASE)("get_records_by_keyword", table_name="labevents", keyword="x" * 201).problem == "bad_arguments"
    assert call(BASE)("get_records_by_keyword", table_name="labevents", keyword="%" * 200).problem is None


def test_the_patients_own_number_is_in_every_row(call):
    life = {**BASE, "labevents": [lab(-2), lab(-1)]}
    assert len(times(call(life)("get_records_by_keyword", table_name="labevents", keyword="10000032"))) == 2


# ------------------------------------------------------------------------------------------------- tables and columns
def test_names_are_found_whatever_their_case(call):
    tool = call({**BASE, "labevents": VALUES})
    assert tool("get_column_names", table_name=" LabEvents ").text.startswith("labevents: labevent_id, subject_id")
    assert tool("get_unique_values", table_name="LABEVENTS", column_name="`Label`").problem is None


def test_labels_are_columns(call):
    tool = call(BASE)
    for table, label in (("labevents", "label"), ("diagnoses_icd", "ccs_name"), ("prescriptions", "atc_name")):
        assert tool("get_column_names", table_name=table).text.endswith(label)


def test_what_is_not_there_is_told_with_what_is(call):
    reply = call(BASE)("get_column_names", table_name="labevent")
    assert reply.problem == "not_found" and "Did you mean labevents?" in reply.text and "chartevents" in reply.text
    reply = call(BASE)("get_unique_values", table_name="labevents", column_name="values")
    assert reply.problem == "not_found" and "Did you mean value?" in reply.text and "valuenum" in reply.text


def test_never_shown_columns_are_not_there_under_strict(call):
    reply = call(BASE)("get_unique_values", table_name="patients", column_name="dod")
    assert reply.problem == "not_found"
    assert call(BASE, "compat")("get_unique_values", table_name="patients", column_name="dod").problem is None


def test_candidate_tables_have_columns_but_no_records(call):
    tool = call(BASE)
    assert (
        tool("get_column_names", table_name="labevents_candidates").text
        == "labevents_candidates: itemid, candidate, fluid, category"
    )
    reply = tool("get_latest_records", table_name="labevents_candidates")
    assert reply.problem == "not_found" and "get_candidates_by_keyword" in reply.text


@pytest.mark.parametrize("table", PATIENT_TABLES)
@pytest.mark.parametrize("policy", ["strict", "compat"])
def test_every_table_and_column_is_described_with_what_is_known_when(call, table, policy):
    life = {**BASE, table: BASE.get(table, [{}])}
    tool = call(life, policy)
    text = tool("get_table_description", table_name=table).text
    columns = tool("get_column_names", table_name=table).text.split(": ", 1)[1].split(", ")
    described = [line[2:].split(":")[0] for line in text.split("\n") if line.startswith("- ")]
    assert described == columns
    assert f"{table} ({PATIENT_TABLES[table].module}): {PATIENT_TABLES[table].description}" in text
    assert ("A row is here from then on" in text) == (policy == "strict")


def test_a_description_says_until_when_values_are_missing(call):
    text = call(BASE)("get_table_description", table_name="admissions").text
    assert (
        "NULL until then: dischtime, deathtime, discharge_location, hospital_expire_flag (the end of its admission"
        in text
    )
    assert "- text" not in text and "- admittime: " in text


def test_candidate_tables_are_described(call):
    text = call(BASE)("get_table_description", table_name="labevents_candidates").text
    assert text.startswith("labevents_candidates (candidate): Names of laboratory tests.")
