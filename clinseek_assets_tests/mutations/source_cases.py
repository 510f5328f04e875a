"""Damages to source tables. The undamaged files are CSV with LF; records are counted from 1 without the header.

The cohort are the patients `SECRET_ID` and 10000048; the rows of patient 10000032 are nobody's business, but their
records are tokenised all the same.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from clinseek_assets_tests.mutations.outcomes import AS_WITHOUT, SECRET, SECRET_ID, Refused, Taken, refused

COHORT = (SECRET_ID, 10000048)
PATIENT, OTHER, STRANGER = str(SECRET_ID), "10000048", "10000032"

LABEVENTS = f"""\
labevent_id,subject_id,hadm_id,specimen_id,itemid,order_provider_id,charttime,storetime,value,valuenum,valueuom,ref_range_lower,ref_range_upper,flag,priority,comments
1,{PATIENT},29876543,91,50931,P1,2180-05-06 22:23:00,2180-05-07 01:00:00,{SECRET},95,mg/dL,70,105,,ROUTINE,"{SECRET}, ""quoted"" é
second line"
2,{STRANGER},,92,50931,,2180-05-06 22:23:00,,{SECRET} 1,1.5,mg/dL,,,,,
3,{OTHER},20000019,93,50983,,2126-11-22 23:15:00,2126-11-22 23:16:30.5,None,-1.25e2,,,,abnormal,STAT,  {SECRET} spaces  
4,{PATIENT},,94,50983,,2180-05-06,,,,,,,,,
5,{OTHER},20000019,95,50971,P2,2126-11-22 23:15:00,2126-11-22 23:59:00,4.1,4.1,mEq/L,3.3,5.1,,ROUTINE,___
6,{STRANGER},,96,50971,,,,,,,,,,,
"""  # noqa: E501 (the columns as published)

OMR = f"""\
subject_id,chartdate,seq_num,result_name,result_value
{PATIENT},2180-05-06,1,Weight (Lbs),{SECRET} 94
{OTHER},2126-11-22,1,Height (Inches),60
{PATIENT},2180-05-06,2,Weight (Lbs),95
"""

PATIENTS = f"""\
subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod
{STRANGER},F,52,2180,2014 - 2016,
{OTHER},F,23,2126,2008 - 2010,2127-01-01
{PATIENT},M,72,2160,2011 - 2013,2180-05-09
"""

PRESCRIPTIONS = f"""\
subject_id,hadm_id,pharmacy_id,poe_id,poe_seq,order_provider_id,starttime,stoptime,drug_type,drug,formulary_drug_cd,gsn,ndc,prod_strength,form_rx,dose_val_rx,dose_unit_rx,form_val_disp,form_unit_disp,doses_per_24_hrs,route
{PATIENT},29876543,501,{PATIENT}-1,1,P1,2180-05-06 22:00:00,2180-05-07 22:00:00,MAIN,Sodium Chloride 0.9%  Flush,NACLFLUSH,,0,{SECRET} syringe,,3-10,mL,0.3-1,SYR,3,IV
{OTHER},20000019,502,,,,2126-11-22 20:00:00,,MAIN, {SECRET} drug ,,006563,63323026201,5000 Units / mL- 1mL Vial,,5000,UNIT,1,mL,2.5,SC
"""  # noqa: E501 (the columns as published)

D_LABITEMS = f"""\
itemid,label,fluid,category
50931,Glucose,Blood,Chemistry
50971,Potassium,Blood,Chemistry
50983,{SECRET} sodium,Blood,Chemistry
"""

DISCHARGE = f"""\
note_id,subject_id,hadm_id,note_type,note_seq,charttime,storetime,text
{PATIENT}-DS-1,{PATIENT},29876543,DS,1,2180-05-09 00:00:00,2180-05-10 10:00:00,"
Name: ___

{SECRET}: ""none"", see above.
"
{OTHER}-DS-1,{OTHER},20000019,DS,1,2126-11-24 00:00:00,,"{SECRET} é"
"""

FILES = {
    "labevents": LABEVENTS,
    "omr": OMR,
    "patients": PATIENTS,
    "prescriptions": PRESCRIPTIONS,
    "d_labitems": D_LABITEMS,
    "discharge": DISCHARGE,
}


@dataclass(frozen=True)
class SourceCase:
    """One damage to a table's file, what must come of it, and the suffix under which the damaged file lies."""

    name: str
    table: str
    damage: Callable[[bytes], bytes]
    outcome: Refused | Taken
    suffix: str = ".csv"


# --- kinds of damage


def records(change: Callable[[list[list[str]]], Any], **dialect: Any) -> Callable[[bytes], bytes]:
    """Change the records (the first is the header), in place or by returning another list."""

    def damage(content: bytes) -> bytes:
        loaded = list(csv.reader(io.StringIO(content.decode(), newline="")))
        changed = change(loaded)
        written = io.StringIO(newline="")
        csv.writer(written, lineterminator="\n", **dialect).writerows(changed if isinstance(changed, list) else loaded)
        return written.getvalue().encode()

    return damage


def put(record: int, column: str, value: str) -> Callable[[bytes], bytes]:
    """Put a text into a cell."""

    def change(loaded: list[list[str]]) -> None:
        loaded[record][loaded[0].index(column)] = value

    return records(change)


def header(old: str, new: str) -> Callable[[bytes], bytes]:
    """Rename a column."""
    return records(lambda loaded: [[new if name == old else name for name in loaded[0]], *loaded[1:]])


def column_lost(name: str) -> Callable[[bytes], bytes]:
    def change(loaded: list[list[str]]) -> list[list[str]]:
        place = loaded[0].index(name)
        return [record[:place] + record[place + 1 :] for record in loaded]

    return records(change)


def text(old: str, new: str) -> Callable[[bytes], bytes]:
    return lambda content: content.replace(old.encode(), new.encode(), 1)


def flipped(content: bytes) -> bytes:
    """One byte in the middle of the compressed data turned over."""
    packed = bytearray(gzip.compress(content, mtime=0))
    packed[len(packed) // 2] ^= 0xFF
    return bytes(packed)


# --- what must come of it

Rows = list[dict[str, Any]]


def cell(subject_id: int, source_row: int, **values: Any) -> Taken:
    """All as without, but for these cells of one row."""
    return Taken(
        lambda rows: [
            {**row, **values} if (row.get("subject_id"), row["source_row"]) == (subject_id, source_row) else row
            for row in rows
        ]
    )


def renumbered(to: dict[int, int]) -> Taken:
    """The same rows, with other record numbers; those without a number are gone."""

    def expected(rows: Rows) -> Rows:
        kept = [{**row, "source_row": to[row["source_row"]]} for row in rows if row["source_row"] in to]
        return sorted(kept, key=lambda row: (row["subject_id"], row["source_row"]))

    return Taken(expected)


def noticed(outcome: Taken, notice: str) -> Taken:
    return replace(outcome, notice=notice)


def at(record: int, column: str, expected: str, where: str = "hosp/labevents (labevents.csv)") -> Refused:
    return refused(where, f"record {record}, column {column}", expected)


NOT_INTEGERS = [SECRET, "1.5", "50931.0", "1,000", "1e3", "0x1F", "--5", "99999999999999999999", "nan", "None", "½"]
NOT_REALS = [SECRET, "1,5", "1.2.3", "nan", "inf", "-inf", "None", "5 mg", "1_000", "--1", "<5"]
NOT_TIMES = [
    *(SECRET, "None", "2180-13-01 00:00:00", "2180-02-30 00:00:00", "06/05/2180 22:23", "2180-05-06 25:00:00"),
    *("22:23:00", "2180-05-06 22:23:00+00:00", "2180-5-6 22:23:00", "May 6 2180"),
]
NOT_DATES = [SECRET, "None", "2180-13-01", "06/05/2180", "2180-05-06 13:00:00", "21800506x"]
IN_FIELDS = "fields where the header has 16"
CUT = "cut"
QUOTES = "quote"

REFUSED = [
    *(
        SourceCase(f"hadm_id «{value}»", "labevents", put(3, "hadm_id", value), at(3, "hadm_id", "not a whole number"))
        for value in NOT_INTEGERS
    ),
    *(
        SourceCase(f"valuenum «{value}»", "labevents", put(5, "valuenum", value), at(5, "valuenum", "not a number"))
        for value in NOT_REALS
    ),
    *(
        SourceCase(f"charttime «{value}»", "labevents", put(1, "charttime", value), at(1, "charttime", "not a time"))
        for value in NOT_TIMES
    ),
    *(
        SourceCase(
            f"chartdate «{value}»",
            "omr",
            put(3, "chartdate", value),
            at(3, "chartdate", "not a date", "hosp/omr (omr.csv)"),
        )
        for value in NOT_DATES
    ),
    *(
        SourceCase(f"{column} emptied", "labevents", put(4, column, ""), at(4, column, "empty"))
        for column in ("labevent_id", "subject_id", "specimen_id", "itemid")
    ),
    SourceCase("a stranger's subject_id emptied", "labevents", put(2, "subject_id", ""), at(2, "subject_id", "empty")),
    SourceCase(
        "a stranger's subject_id a text",
        "labevents",
        put(6, "subject_id", SECRET),
        at(6, "subject_id", "not a whole number"),
    ),
    SourceCase(
        "a required date emptied",
        "omr",
        put(1, "chartdate", ""),
        refused("hosp/omr", "record 1, column chartdate", "empty"),
    ),
    SourceCase(
        "a required time emptied",
        "discharge",
        put(2, "charttime", ""),
        refused("note/discharge", "record 2, column charttime", "empty"),
    ),
    SourceCase(
        "a note's id emptied",
        "discharge",
        put(2, "note_id", ""),
        refused("note/discharge", "record 2, column note_id", "empty"),
    ),
    SourceCase(
        "a dictionary's key a text",
        "d_labitems",
        put(2, "itemid", SECRET),
        refused("hosp/d_labitems", "record 2, column itemid", "not a whole number"),
    ),
    *(
        SourceCase(
            f"column {column} lost",
            "labevents",
            column_lost(column),
            refused("labevents.csv", "lacks the column", column),
        )
        for column in ("subject_id", "labevent_id", "charttime", "valuenum", "comments")
    ),
    SourceCase("column renamed", "labevents", header("storetime", "store_time"), refused("lacks the column storetime")),
    SourceCase(
        "two columns lost",
        "labevents",
        lambda content: column_lost("flag")(column_lost("value")(content)),
        refused("lacks the columns value, flag"),
    ),
    SourceCase("a column named twice", "labevents", header("flag", "value"), refused("lacks the column flag")),
    SourceCase(
        "a column there twice",
        "labevents",
        records(lambda loaded: [[*record, record[8]] for record in loaded]),
        refused("value twice"),
    ),
    SourceCase(
        "header lost",
        "labevents",
        lambda content: content.split(b"\n", 1)[1],
        refused("labevents.csv", "lacks the columns"),
    ),
    SourceCase(
        "header emptied",
        "labevents",
        lambda content: b"\n" + content.split(b"\n", 1)[1],
        refused("labevents.csv", "empty"),
    ),
    SourceCase(
        "semicolons for commas", "labevents", records(lambda loaded: None, delimiter=";"), refused("lacks the columns")
    ),
    SourceCase(
        "tabs for commas", "labevents", records(lambda loaded: None, delimiter="\t"), refused("lacks the columns")
    ),
    SourceCase("the file of another table", "labevents", lambda content: OMR.encode(), refused("lacks the columns")),
    SourceCase(
        "an HTML page",
        "labevents",
        lambda content: f"<html>\n{SECRET}\n</html>\n".encode(),
        refused("lacks the columns"),
    ),
    SourceCase("emptied", "labevents", lambda content: b"", refused("labevents.csv", "empty")),
    SourceCase("a line break alone", "labevents", lambda content: b"\n", refused("labevents.csv", "empty")),
    SourceCase("cut in the header", "labevents", lambda content: content[:60], refused(CUT)),
    SourceCase(
        "cut after the header's last letter", "labevents", lambda content: content.split(b"\n", 1)[0], refused(CUT)
    ),
    SourceCase(
        "cut in a record",
        "labevents",
        lambda content: content[: content.index(b"5,10000048") + 30],
        refused("record 5", IN_FIELDS),
    ),
    SourceCase("cut in the last cell", "labevents", lambda content: content[: content.index(b"___") + 2], refused(CUT)),
    SourceCase("cut before the last line break", "labevents", bytes.rstrip, refused(CUT)),
    SourceCase(
        "cut inside of quotes",
        "discharge",
        lambda content: content[: content.index(b"see above")],
        refused("note/discharge", CUT),
    ),
    SourceCase(
        "cut inside of quotes after a line",
        "discharge",
        lambda content: content[: content.index(b"Name: ___\n") + 10],
        refused("note/discharge", QUOTES),
    ),
    SourceCase(
        "a quote opened",
        "labevents",
        text("2126-11-22 23:16:30.5,", '2126-11-22 23:16:30.5,"'),
        refused("labevents.csv"),
    ),
    SourceCase("a quote alone in a cell", "labevents", text("4.1,4.1", '4.1",4.1'), refused("labevents.csv", QUOTES)),
    SourceCase("a record with a field less", "labevents", text("STAT,", ""), refused("record 3 has 15", IN_FIELDS)),
    SourceCase(
        "a record with a field more", "labevents", text("STAT,", "STAT,STAT,"), refused("record 3 has 17", IN_FIELDS)
    ),
    SourceCase("a comma in a number", "labevents", text("4.1,4.1", "4,1,4.1"), refused("record 5 has 17", IN_FIELDS)),
    SourceCase(
        "a stranger's record with a field more",
        "labevents",
        text(f"2,{STRANGER}", f"2,2,{STRANGER}"),
        refused("record 2 has 17", IN_FIELDS),
    ),
    SourceCase(
        "an empty line between records",
        "labevents",
        text(f"\n2,{STRANGER}", f"\n\n2,{STRANGER}"),
        refused("labevents.csv", "record 2"),
    ),
    SourceCase("a footer", "labevents", lambda content: content + b"(6 rows)\n", refused("record 7 has 1", IN_FIELDS)),
    SourceCase(
        "two files joined", "labevents", lambda content: content + content, at(7, "subject_id", "not a whole number")
    ),
    SourceCase(
        "a record joined to the next",
        "labevents",
        text(f"\n4,{PATIENT}", f"4,{PATIENT}"),
        refused("record 3 has 31", IN_FIELDS),
    ),
    SourceCase(
        "zeros in place of a record",
        "labevents",
        text(f"4,{PATIENT},,94", "\0" * 20),
        refused("labevents.csv", "record 4"),
    ),
    SourceCase(
        "line ends of old Macs", "labevents", lambda content: content.replace(b"\n", b"\r"), refused("labevents.csv")
    ),
    SourceCase(
        "Latin-1", "labevents", lambda content: content.decode().encode("latin-1"), refused("line 2 is not UTF-8")
    ),
    SourceCase(
        "Latin-1 in a stranger's cell",
        "labevents",
        lambda content: content.replace(f"{SECRET} 1,".encode(), b"\xe9,"),
        refused("not UTF-8"),
    ),
    SourceCase("UTF-16", "labevents", lambda content: content.decode().encode("utf-16"), refused("labevents.csv")),
    SourceCase("gzip under a plain name", "labevents", gzip.compress, refused("labevents.csv")),
    SourceCase(
        "a record twice",
        "labevents",
        text(f"4,{PATIENT},,94,50983,,2180-05-06,,,,,,,,,\n", f"4,{PATIENT},,94,50983,,2180-05-06,,,,,,,,,\n" * 2),
        refused("record 5", "labevent_id"),
    ),
    SourceCase(
        "an id twice with other values", "labevents", put(5, "labevent_id", "3"), refused("record 5", "labevent_id")
    ),
    SourceCase(
        "a patient twice",
        "patients",
        records(lambda loaded: [*loaded, loaded[3]]),
        refused("hosp/patients", "record 4", "subject_id"),
    ),
    SourceCase(
        "a code twice",
        "d_labitems",
        records(lambda loaded: [*loaded, loaded[1]]),
        refused("hosp/d_labitems", "record 4", "itemid"),
    ),
    SourceCase(
        "a prescription twice",
        "prescriptions",
        records(lambda loaded: [*loaded, loaded[1]]),
        refused("hosp/prescriptions", "record 3"),
    ),
    SourceCase(
        "gzip cut in the middle",
        "labevents",
        lambda content: gzip.compress(content)[:200],
        refused("labevents.csv.gz", "gzip"),
        ".csv.gz",
    ),
    SourceCase(
        "gzip without its last byte",
        "labevents",
        lambda content: gzip.compress(content)[:-1],
        refused("labevents.csv.gz", "gzip"),
        ".csv.gz",
    ),
    SourceCase(
        "gzip without its checksum",
        "labevents",
        lambda content: gzip.compress(content)[:-8],
        refused("labevents.csv.gz", "gzip"),
        ".csv.gz",
    ),
    SourceCase(
        "gzip with a wrong checksum",
        "labevents",
        lambda content: gzip.compress(content)[:-8] + b"12345678",
        refused("labevents.csv.gz", "gzip"),
        ".csv.gz",
    ),
    SourceCase("gzip with a byte turned over", "labevents", flipped, refused("labevents.csv.gz"), ".csv.gz"),
    SourceCase(
        "plain under a gz name", "labevents", lambda content: content, refused("labevents.csv.gz", "gzip"), ".csv.gz"
    ),
    SourceCase("gz of no bytes", "labevents", lambda content: b"", refused("labevents.csv.gz"), ".csv.gz"),
    SourceCase(
        "gz of an empty file",
        "labevents",
        lambda content: gzip.compress(b""),
        refused("labevents.csv.gz", "empty"),
        ".csv.gz",
    ),
    SourceCase(
        "gz within gz",
        "labevents",
        lambda content: gzip.compress(gzip.compress(content)),
        refused("labevents.csv.gz"),
        ".csv.gz",
    ),
    SourceCase(
        "gz of a file that was cut",
        "labevents",
        lambda content: gzip.compress(content.rstrip()),
        refused("labevents.csv.gz", CUT),
        ".csv.gz",
    ),
]

TAKEN = [
    *(SourceCase("gzip", table, gzip.compress, AS_WITHOUT, ".csv.gz") for table in FILES),
    SourceCase(
        "gzip of several members",
        "labevents",
        lambda content: gzip.compress(content[:300]) + gzip.compress(content[300:]),
        AS_WITHOUT,
        ".csv.gz",
    ),
    SourceCase("a byte order mark", "labevents", lambda content: b"\xef\xbb\xbf" + content, AS_WITHOUT),
    SourceCase("line ends of Windows", "omr", lambda content: content.replace(b"\n", b"\r\n"), AS_WITHOUT),
    SourceCase("all cells quoted", "omr", records(lambda loaded: None, quoting=csv.QUOTE_ALL), AS_WITHOUT),
    SourceCase(
        "column names in capitals",
        "labevents",
        lambda content: content.split(b"\n", 1)[0].upper() + b"\n" + content.split(b"\n", 1)[1],
        AS_WITHOUT,
    ),
    SourceCase(
        "columns reversed",
        "labevents",
        records(lambda loaded: [record[::-1] for record in loaded]),
        noticed(AS_WITHOUT, "another order"),
    ),
    SourceCase(
        "a column more",
        "labevents",
        records(lambda loaded: [[*record, SECRET] for record in loaded]),
        noticed(AS_WITHOUT, "1 column(s)"),
    ),
    SourceCase(
        "a nameless first column",
        "labevents",
        records(lambda loaded: [[str(place) if place else "", *record] for place, record in enumerate(loaded)]),
        noticed(AS_WITHOUT, "1 column(s)"),
    ),
    SourceCase(
        "two names exchanged",
        "labevents",
        text("ref_range_lower,ref_range_upper", "ref_range_upper,ref_range_lower"),
        noticed(
            Taken(
                lambda rows: [
                    {**row, "ref_range_lower": row["ref_range_upper"], "ref_range_upper": row["ref_range_lower"]}
                    for row in rows
                ]
            ),
            "another order",
        ),
    ),
    SourceCase(
        "records reversed",
        "labevents",
        records(lambda loaded: [loaded[0], *loaded[:0:-1]]),
        renumbered({1: 6, 3: 4, 4: 3, 5: 2}),
    ),
    SourceCase(
        "strangers' records lost",
        "labevents",
        records(lambda loaded: [loaded[place] for place in (0, 1, 3, 4, 5)]),
        renumbered({1: 1, 3: 2, 4: 3, 5: 4}),
    ),
    SourceCase("a stranger's record twice", "labevents", records(lambda loaded: [*loaded, loaded[6]]), AS_WITHOUT),
    SourceCase("a stranger's cell that is no number", "labevents", put(2, "valuenum", SECRET), AS_WITHOUT),
    SourceCase(
        "cut between records",
        "labevents",
        lambda content: content[: content.index(b"5,10000048")],
        renumbered({1: 1, 3: 3, 4: 4}),
    ),
    SourceCase("header alone", "labevents", lambda content: content.split(b"\n", 1)[0] + b"\n", Taken(lambda rows: [])),
    SourceCase(
        "a measurement twice",
        "omr",
        records(lambda loaded: [*loaded, loaded[2]]),
        noticed(
            Taken(
                lambda rows: sorted(
                    [*rows, {**next(row for row in rows if row["source_row"] == 2), "source_row": 4}],
                    key=lambda row: (row["subject_id"], row["source_row"]),
                )
            ),
            "1 record(s)",
        ),
    ),
    SourceCase("a value emptied", "labevents", put(5, "valuenum", ""), cell(10000048, 5, valuenum=None)),
    SourceCase("a time emptied", "labevents", put(5, "charttime", ""), cell(10000048, 5, charttime=None)),
    SourceCase("a text emptied", "labevents", put(5, "value", ""), cell(10000048, 5, value=None)),
    SourceCase("a text «NULL»", "labevents", put(5, "value", "NULL"), cell(10000048, 5, value="NULL")),
    SourceCase("a text «NA»", "labevents", put(5, "flag", "NA"), cell(10000048, 5, flag="NA")),
    SourceCase("a text of digits", "labevents", put(5, "value", "007.0"), cell(10000048, 5, value="007.0")),
    SourceCase("a required text emptied", "prescriptions", put(2, "drug", ""), cell(10000048, 2, drug="")),
    SourceCase("a text of spaces", "prescriptions", put(2, "drug", "  "), cell(10000048, 2, drug="  ")),
    SourceCase(
        "a code with zeros in front",
        "prescriptions",
        put(2, "ndc", "00000000001"),
        cell(10000048, 2, ndc="00000000001"),
    ),
    SourceCase(
        "a number with an exponent", "labevents", put(5, "valuenum", "1e5"), cell(10000048, 5, valuenum=100000.0)
    ),
    SourceCase("a date with midnight", "patients", put(2, "dod", "2127-01-01 00:00:00"), AS_WITHOUT),
    SourceCase("a date emptied", "patients", put(2, "dod", ""), cell(10000048, 2, dod=None)),
    SourceCase(
        "a note of another patient",
        "discharge",
        put(2, "subject_id", STRANGER),
        Taken(lambda rows: [row for row in rows if row["source_row"] != 2]),
    ),
    SourceCase(
        "a label emptied",
        "d_labitems",
        put(2, "label", ""),
        Taken(lambda rows: [{**row, "label": None} if row["source_row"] == 2 else row for row in rows]),
    ),
    SourceCase("a code lost", "d_labitems", records(lambda loaded: [*loaded[:3]]), Taken(lambda rows: rows[:2])),
]

CASES = [*REFUSED, *TAKEN]
