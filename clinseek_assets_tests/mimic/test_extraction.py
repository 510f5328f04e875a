"""Extraction against a naive reading by the csv module, and against each kind of damage."""

import csv
import gzip
import io
import os
import stat
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinseek_assets.faults import Fault, SourceFault
from clinseek_assets.mimic import csv_records, extraction
from clinseek_assets.mimic.catalogue import DICTIONARIES, TABLES
from clinseek_assets.mimic.csv_records import BLOCK_BYTES, LONGEST_RECORD
from clinseek_assets.mimic.extraction import extract_table, extract_tables
from clinseek_assets.mimic.source_files import find_source_files
from clinseek_assets.mimic.tables import ColumnType
from clinseek_assets_tests.mimic.source_tables import csv_text, record, write_source

COHORT = {1, 3, 5}


def naive_value(column, cell):
    """The rule of a cell, one at a time: empty is NULL except in a required text column, the rest by its type."""
    if cell == "":
        return "" if column.type is ColumnType.TEXT and column.required else None
    return {
        ColumnType.INTEGER: int,
        ColumnType.REAL: float,
        ColumnType.TEXT: str,
        ColumnType.DATETIME: datetime.fromisoformat,
        ColumnType.DATE: lambda text: datetime.fromisoformat(text).date(),
    }[column.type](cell)


def naive_extraction(table, text, cohort):
    rows = []
    for number, cells in enumerate(csv.DictReader(io.StringIO(text, newline="")), start=1):
        named = {name.casefold(): cell for name, cell in cells.items()}
        values = {column.name: naive_value(column, named[column.name.casefold()]) for column in table.columns}
        if cohort is None or not table.of_patients or values["subject_id"] in cohort:
            rows.append({**values, "source_row": number})
    return sorted(rows, key=lambda row: (row.get("subject_id", 0), row["source_row"]))


def cells_of(column):
    filled = {
        ColumnType.INTEGER: st.integers(-(10**9), 10**15).map(str),
        ColumnType.REAL: st.one_of(
            st.decimals(-1000, 1000, places=3).map(str), st.integers(-5, 5).map(str), st.just("1e-3")
        ),
        ColumnType.TEXT: st.one_of(
            st.sampled_from(["None", "NA", " x ", '5" line', "a,b", "two\nlines", "\r\n", '""', "é«»", "nan"]),
            st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), min_size=1, max_size=6),
        ),
        ColumnType.DATETIME: st.one_of(
            st.datetimes(datetime(2100, 1, 1), datetime(2210, 1, 1)).map(lambda t: str(t.replace(microsecond=0))),
            st.sampled_from(["2150-01-01", "2150-01-01 00:00:00", "2150-01-01 10:11:12.250"]),
        ),
        ColumnType.DATE: st.dates(datetime(2100, 1, 1).date(), datetime(2210, 1, 1).date()).flatmap(
            lambda day: st.sampled_from([str(day), f"{day} 00:00:00"])
        ),
    }[column.type]
    if column.name == "subject_id":
        return st.integers(1, 6).map(str)
    return filled if column.required else st.one_of(st.just(""), filled)


@st.composite
def source_contents(draw):
    table = TABLES[draw(st.sampled_from(["labevents", "microbiologyevents", "omr", "prescriptions", "radiology"]))]
    header = draw(st.permutations(list(table.column_names)))
    records = draw(st.lists(st.fixed_dictionaries({c.name: cells_of(c) for c in table.columns}), max_size=12))
    for number, cells in enumerate(records):  # the ids that number the rows stay apart
        cells[table.key[0]] = cells[table.key[0]] if table.key[0] == "subject_id" else str(1000 + number)
        if table.name == "omr":
            cells["seq_num"] = str(number)
    dialect = {
        "quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        "lineterminator": draw(st.sampled_from(["\n", "\r\n"])),
    }
    return table, csv_text(table.name, records, header, **dialect), draw(st.booleans()), draw(st.booleans())


@settings(max_examples=60, deadline=None)
@given(source_contents())
def test_it_equals_a_naive_reading(content):
    table, text, gz, everyone = content
    cohort = None if everyone else COHORT
    with TemporaryDirectory() as folder:
        source = write_source(Path(folder), table.name, text, gz=gz)
        extracted = extract_table(source, cohort, Path(folder) / "out.parquet")
        found = pq.read_table(extracted.path).to_pylist()
    expected = naive_extraction(table, text, cohort)
    assert found == expected
    assert (extracted.rows, extracted.patients) == (len(expected), len({row["subject_id"] for row in expected}))


@settings(max_examples=60, deadline=None)
@given(source_contents(), st.integers(1, 300))
def test_it_equals_a_naive_reading_wherever_blocks_end(content, block_bytes):
    table, text, gz, everyone = content
    cohort = None if everyone else COHORT
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_records, "BLOCK_BYTES", block_bytes)
        patch.setattr(extraction, "BLOCK_BYTES", block_bytes)
        source = write_source(Path(folder), table.name, text, gz=gz)
        extracted = extract_table(source, cohort, Path(folder) / "out.parquet")
        assert pq.read_table(extracted.path).to_pylist() == naive_extraction(table, text, cohort)


def test_long_notes_are_written_and_read_a_few_at_a_time(tmp_path, monkeypatch):
    """Rows a thousand times as wide as others must not need a thousand times the memory."""
    monkeypatch.setattr(extraction, "BYTES_A_GROUP", 1 << 20)
    records = [record("discharge", note_id=f"n{i}", subject_id=str(i // 100), text="word " * 2000) for i in range(900)]
    text = csv_text("discharge", records)
    extracted = extract_table(write_source(tmp_path, "discharge", text), None, tmp_path / "out.parquet")
    metadata = pq.read_metadata(extracted.path)
    rows = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
    assert sum(rows) == 900
    assert max(rows) < 300


@pytest.mark.parametrize("kind", ["a field too few", "a field too many", "an id of another patient's row"])
def test_damage_far_into_a_file_is_named_by_its_record(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(csv_records, "BLOCK_BYTES", 64)
    content, told = DAMAGE[kind]
    with pytest.raises(SourceFault) as caught:
        extract_table(write_source(tmp_path, "labevents", content), COHORT, tmp_path / "out.parquet")
    assert all(part in str(caught.value) for part in told)


def test_a_record_without_an_end_is_not_read_to_the_end_of_the_file(tmp_path):
    text = csv_text("discharge", [record("discharge", subject_id="1", text="x" * (LONGEST_RECORD + 2 * BLOCK_BYTES))])
    with pytest.raises(SourceFault, match="after record 0 a record is longer"):
        extract_table(write_source(tmp_path, "discharge", text), COHORT, tmp_path / "out.parquet")


def test_a_carriage_return_alone_ends_a_record_for_all_who_look_at_it(tmp_path):
    text = csv_text("services", [record("services", subject_id=str(i)) for i in range(1, 6)])
    header, *lines = text.splitlines(keepends=True)
    mixed = header + "".join(line.replace("\n", "\r") if i % 2 else line for i, line in enumerate(lines))
    whole = extract_table(write_source(tmp_path / "a", "services", text), COHORT, tmp_path / "a.parquet")
    found = extract_table(write_source(tmp_path / "b", "services", mixed), COHORT, tmp_path / "b.parquet")
    assert found.content_fingerprint == whole.content_fingerprint


def test_rows_beyond_one_block_keep_their_record_numbers(tmp_path):
    note = "line\n" * 2000
    records = [record("discharge", note_id=f"n{i}", subject_id=str(i % 7), text=note) for i in range(300)]
    text = csv_text("discharge", records)
    assert len(text) > 2 * BLOCK_BYTES
    extracted = extract_table(write_source(tmp_path, "discharge", text, gz=True), COHORT, tmp_path / "out.parquet")
    assert pq.read_table(extracted.path).to_pylist() == naive_extraction(TABLES["discharge"], text, COHORT)


@pytest.mark.parametrize("name", TABLES)
def test_the_parquet_has_the_catalogue_s_columns_and_types(tmp_path, name):
    table = TABLES[name]
    keys = {} if name in DICTIONARIES else {"subject_id": "3"}
    extracted = extract_table(
        write_source(tmp_path, name, csv_text(name, [record(name, **keys)])), COHORT, tmp_path / "o"
    )
    schema = pq.read_schema(extracted.path)
    arrow = {
        "BIGINT": "int64",
        "DOUBLE": "double",
        "VARCHAR": "string",
        "TIMESTAMP": "timestamp[us]",
        "DATE": "date32[day]",
    }
    assert schema.names == [*table.column_names, "source_row"]
    assert [str(kind) for kind in schema.types] == [*(arrow[column.type.duckdb] for column in table.columns), "int64"]
    assert extracted.rows == 1


def test_a_header_in_another_case_or_order_is_bound_by_name(tmp_path):
    records = [record("procedureevents", subject_id="1", orderid="9", originalamount="2.5", originalrate="3.5")]
    text = csv_text("procedureevents", records)
    plain = extract_table(write_source(tmp_path / "a", "procedureevents", text), None, tmp_path / "a.parquet")
    upper = text.replace("originalamount,originalrate", "ORIGINALAMOUNT,ORIGINALRATE")
    cased = extract_table(write_source(tmp_path / "b", "procedureevents", upper), None, tmp_path / "b.parquet")
    header = list(reversed(TABLES["procedureevents"].column_names))
    other = csv_text("procedureevents", records, header)
    turned = extract_table(write_source(tmp_path / "c", "procedureevents", other), None, tmp_path / "c.parquet")
    assert plain.notices == cased.notices == ()
    assert "another order" in turned.notices[0]
    assert plain.content_fingerprint == cased.content_fingerprint == turned.content_fingerprint


def test_unknown_columns_are_ignored_and_it_says_so(tmp_path):
    text = csv_text("omr", [record("omr", subject_id="1")])
    more = "".join(f"{line},{'site' if not place else 'x'}\n" for place, line in enumerate(text.splitlines()))
    extracted = extract_table(write_source(tmp_path, "omr", more), COHORT, tmp_path / "out.parquet")
    assert extracted.rows == 1
    assert "1 column(s)" in extracted.notices[0] and "ignored" in extracted.notices[0]


def test_a_byte_order_mark_and_a_header_alone_are_fine(tmp_path):
    marked = b"\xef\xbb\xbf" + csv_text("omr", [record("omr", subject_id="1")]).encode()
    assert extract_table(write_source(tmp_path, "omr", marked), COHORT, tmp_path / "marked.parquet").rows == 1
    empty = csv_text("omr", [])
    for gz in (False, True):
        extracted = extract_table(write_source(tmp_path, "omr", empty, gz=gz), COHORT, tmp_path / f"{gz}.parquet")
        assert (extracted.rows, pq.read_table(extracted.path).num_rows) == (0, 0)


def test_dictionaries_are_taken_whole(tmp_path):
    records = [record("d_labitems", itemid=str(item)) for item in range(40)]
    extracted = extract_table(
        write_source(tmp_path, "d_labitems", csv_text("d_labitems", records)), [1], tmp_path / "o"
    )
    assert (extracted.rows, extracted.patients) == (40, 0)


# --- damage -----------------------------------------------------------------------------------------------------------

SECRET = "Mr. Secret 4711"
GOOD = [record("labevents", labevent_id=str(i), subject_id=str(i % 6), comments=SECRET) for i in range(1, 31)]
GOOD_TEXT = csv_text("labevents", GOOD)


def changed(place, **cells):
    records = [dict(cells_of_record) for cells_of_record in GOOD]
    records[place - 1].update(cells)
    return csv_text("labevents", records)


def line_changed(place, change):
    lines = GOOD_TEXT.splitlines(keepends=True)
    lines[place] = change(lines[place])
    return "".join(lines)


DAMAGE = {
    "a cell of another type": (changed(9, valuenum=SECRET), ["record 9", "is line 10", "valuenum", "a number"]),
    "a fraction in an id": (changed(9, itemid="50912.0"), ["record 9", "itemid", "a whole number"]),
    "a hexadecimal id": (changed(9, itemid="0x10"), ["record 9", "itemid", "a whole number"]),
    "the word nan in a number": (changed(9, valuenum="nan"), ["record 9", "valuenum", "a number"]),
    "the word None in a time": (changed(9, storetime="None"), ["record 9", "storetime", "a time"]),
    "a month that is not": (changed(9, charttime="2150-13-01 00:00:00"), ["record 9", "charttime", "a time"]),
    "a required value missing": (changed(9, itemid=""), ["record 9", "itemid", "requires a value"]),
    "an id of another patient's row": (changed(8, subject_id=SECRET), ["record 8", "subject_id", "a whole number"]),
    "a patient missing": (changed(8, subject_id=""), ["record 8", "subject_id", "requires a value"]),
    "a field too few": (
        line_changed(4, lambda line: line.replace(",", "", 1)),
        ["record 4 has 15 fields", "has 16", "is line 5"],
    ),
    "a field too many": (line_changed(4, lambda line: "," + line), ["record 4 has 17 fields", "has 16"]),
    "an empty line": (line_changed(4, lambda line: "\n" + line), ["record 4", "requires a value"]),
    "an id twice": (changed(9, labevent_id="3"), ["record 9", "is line 10", "labevent_id", "no such duplicates"]),
    "a record twice": (line_changed(9, lambda line: line * 2), ["record 10", "labevent_id", "no such duplicates"]),
    "quotes that are not closed": (GOOD_TEXT.replace(SECRET, f'"{SECRET}'), ["line 3", "quote"]),
    "a quote too many at the end": (line_changed(30, lambda line: line[:-1] + ',"\n'), ["fields"]),
    "a last quote that is not closed": (
        line_changed(30, lambda line: line.replace(SECRET, f'"{SECRET}')),
        ["not closed"],
    ),
    "a quote in an unquoted cell": (line_changed(4, lambda line: line.replace("Mr", 'M"r')), ["line 5", "quote"]),
    "a quote that is not doubled": (
        line_changed(4, lambda line: line.replace(SECRET, '"a "b" c"')),
        ["line 5", "quote"],
    ),
    "a cut in a record": (GOOD_TEXT[:-40], ["record 30 has 10 fields"]),
    "a cut in a character": (changed(30, comments="é").encode()[:-2], ["line 31", "UTF-8"]),
    "a cut in the last cell": (GOOD_TEXT[:-2], ["no line end"]),
    "another encoding": (changed(7, comments="é").encode("latin-1"), ["line 8", "UTF-8"]),
    "UTF-16": (GOOD_TEXT.encode("utf-16"), ["UTF-8"]),
    "semicolons": (GOOD_TEXT.replace(",", ";"), ["lacks the columns labevent_id"]),
    "no header": (GOOD_TEXT.split("\n", 1)[1], ["lacks the columns labevent_id"]),
    "a column missing": (GOOD_TEXT.replace("itemid", "item", 1), ["lacks the column itemid"]),
    "a column twice": (GOOD_TEXT.replace("specimen_id", "itemid", 1), ["lacks the column specimen_id"]),
    "an empty file": ("", ["empty"]),
    "a header without its end": (GOOD_TEXT.split("\n")[0], ["header line has no end"]),
}


def assert_nothing_is_left(folder):
    assert [path.name for path in folder.iterdir()] == []


@pytest.mark.parametrize("gz", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named_by_table_and_place_without_a_value(tmp_path, kind, gz):
    content, told = DAMAGE[kind]
    source = write_source(tmp_path / "in", "labevents", content, gz=gz)
    with pytest.raises(SourceFault) as caught:
        extract_table(source, COHORT, tmp_path / "out" / "labevents.parquet")
    message = str(caught.value)
    assert "hosp/labevents" in message and source.path.name in message
    for part in told:
        assert part in message
    assert "Secret" not in message and "4711" not in message
    assert_nothing_is_left(tmp_path / "out")


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.9, 0.999])
def test_a_gzip_cut_anywhere_is_found(tmp_path, share):
    data = gzip.compress(GOOD_TEXT.encode())
    source = write_source(tmp_path / "in", "labevents", "", gz=True)
    source.path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(SourceFault, match="gzip data is damaged or ends too early"):
        extract_table(source, COHORT, tmp_path / "out" / "labevents.parquet")
    assert_nothing_is_left(tmp_path / "out")


@pytest.mark.parametrize("damage", ["not gzip", "a flipped bit", "rubbish behind"])
def test_damaged_gzip_is_found(tmp_path, damage):
    data = bytearray(gzip.compress(GOOD_TEXT.encode()))
    if damage == "not gzip":
        data = bytearray(GOOD_TEXT.encode())
    elif damage == "a flipped bit":
        data[-6] ^= 1  # in the checksum: the text itself could still be read
    else:
        data += b"rubbish"
    source = write_source(tmp_path / "in", "labevents", "", gz=True)
    source.path.write_bytes(data)
    with pytest.raises(SourceFault, match="gzip data is damaged"):
        extract_table(source, COHORT, tmp_path / "out" / "labevents.parquet")


def test_a_wrong_cell_in_a_row_that_nobody_keeps_changes_nothing(tmp_path):
    good = extract_table(write_source(tmp_path / "a", "labevents", GOOD_TEXT), COHORT, tmp_path / "a.parquet")
    other = changed(8, valuenum="x")  # subject 2 is not in the cohort
    same = extract_table(write_source(tmp_path / "b", "labevents", other), COHORT, tmp_path / "b.parquet")
    assert same.content_fingerprint == good.content_fingerprint


def test_equal_rows_that_nothing_forbids_are_kept_and_counted(tmp_path):
    twice = [record("chartevents", subject_id="1"), record("chartevents", subject_id="1", value="other")] * 2
    extracted = extract_table(
        write_source(tmp_path, "chartevents", csv_text("chartevents", twice)), COHORT, tmp_path / "o"
    )
    assert extracted.rows == 4
    (notice,) = extracted.notices
    assert "2 record(s) have the same cells as an earlier one; all were kept" in notice


def test_an_equal_row_under_a_primary_key_is_a_fault_and_a_shared_key_alone_is_not(tmp_path):
    row = record("diagnoses_icd", subject_id="1", hadm_id="2", seq_num="1")
    equal = csv_text("diagnoses_icd", [row, row])
    with pytest.raises(SourceFault, match="record 2 has the same cells"):
        extract_table(write_source(tmp_path, "diagnoses_icd", equal), COHORT, tmp_path / "o")
    shared = csv_text("diagnoses_icd", [row, {**row, "icd_code": "other"}])
    assert extract_table(write_source(tmp_path, "diagnoses_icd", shared), COHORT, tmp_path / "o").rows == 2


# --- re-runs ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def lab(tmp_path):
    return write_source(tmp_path / "in", "labevents", GOOD_TEXT, gz=True), tmp_path / "out" / "labevents.parquet"


def test_a_re_run_reads_nothing(lab, monkeypatch):
    source, destination = lab
    first = extract_table(source, COHORT, destination)
    source.path.chmod(0)
    monkeypatch.setattr(extraction, "RecordReader", None)
    again = extract_table(source, list(COHORT) * 2, destination)
    assert again.reused and not first.reused
    assert (again.rows, again.patients, again.notices) == (first.rows, first.patients, first.notices)
    assert again.content_fingerprint == first.content_fingerprint


@pytest.mark.parametrize(
    "change", ["source", "cohort", "result cut", "result replaced", "receipt gone", "receipt torn"]
)
def test_a_re_run_does_what_a_change_asks_for(lab, change):
    source, destination = lab
    first = extract_table(source, COHORT, destination)
    cohort = COHORT
    receipt = destination.with_suffix(".receipt.json")
    if change == "source":
        source = write_source(source.path.parent, "labevents", changed(9, valuenum="99"), gz=True)
    elif change == "cohort":
        cohort = {1}
    elif change == "result cut":
        destination.write_bytes(destination.read_bytes()[:-10])
    elif change == "result replaced":
        data = bytearray(destination.read_bytes())
        data[len(data) // 2] ^= 1
        destination.write_bytes(data)
    elif change == "receipt gone":
        receipt.unlink()
    else:
        receipt.write_text(receipt.read_text()[:40])
    again = extract_table(source, cohort, destination)
    assert not again.reused
    assert (again.content_fingerprint == first.content_fingerprint) == (change not in ("source", "cohort"))
    assert extract_table(source, cohort, destination).reused


def test_what_a_killed_run_left_is_swept_and_files_are_private(lab):
    source, destination = lab
    destination.parent.mkdir()
    (destination.parent / f".unfinished-123-{destination.name}").write_bytes(b"half")
    spill = destination.parent / ".scratch-labevents"
    spill.mkdir()
    (spill / "spilled").write_bytes(b"rows")
    extract_table(source, COHORT, destination)
    left = {path.name: stat.S_IMODE(path.stat().st_mode) for path in destination.parent.iterdir()}
    assert left == {"labevents.parquet": 0o600, "labevents.receipt.json": 0o600}


def test_a_fault_leaves_the_last_whole_file_alone(lab):
    source, destination = lab
    extract_table(source, COHORT, destination)
    before = destination.read_bytes()
    source.path.write_bytes(source.path.read_bytes()[:-20])
    with pytest.raises(SourceFault):
        extract_table(source, COHORT, destination)
    assert destination.read_bytes() == before


def test_a_second_run_at_the_same_time_is_turned_away_and_harms_nothing(lab):
    source, destination = lab
    turned_away = []

    def at_the_same_time(_):
        with pytest.raises(Fault, match="another run is extracting labevents") as caught:
            extract_table(source, {1}, destination)
        turned_away.append(caught.value)

    extracted = extract_table(source, COHORT, destination, on_read=at_the_same_time)
    assert turned_away and turned_away[0].mend
    assert extract_table(source, COHORT, destination).reused
    assert pq.read_metadata(destination).num_rows == extracted.rows
    assert {path.name for path in destination.parent.iterdir()} == {"labevents.parquet", "labevents.receipt.json"}


@pytest.mark.parametrize("error", [duckdb.OutOfMemoryException, pa.ArrowInvalid, OSError])
def test_an_engine_s_error_is_a_fault_without_its_text(lab, monkeypatch, error):
    def fail(*_):
        raise error(f"row: {SECRET}")

    source, destination = lab
    monkeypatch.setattr(extraction, "duplicate_notices", fail)
    with pytest.raises(Fault, match="hosp/labevents cannot be kept there") as caught:
        extract_table(source, COHORT, destination)
    assert error.__name__ in str(caught.value) and "Secret" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert_nothing_is_left(destination.parent)


# --- all tables -------------------------------------------------------------------------------------------------------


def test_a_damaged_table_does_not_hold_up_the_others(tmp_path):
    write_source(tmp_path / "hosp", "labevents", GOOD_TEXT[:-2])
    write_source(tmp_path / "hosp", "omr", csv_text("omr", [record("omr", subject_id="1")]), gz=True)
    write_source(tmp_path / "hosp", "patients", csv_text("patients", [record("patients", subject_id="5")]))
    inventory = find_source_files({"hosp": tmp_path / "hosp"})
    seen = []
    extracted = extract_tables(
        inventory,
        COHORT,
        lambda table: tmp_path / "out" / f"{table.name}.parquet",
        progress=lambda *at: seen.append(at),
    )
    assert [done.table for done in extracted.extractions] == ["omr", "patients"]
    assert set(extracted.faults) == {"labevents"} and isinstance(extracted.faults["labevents"], SourceFault)
    assert set(extracted.paths) == {"omr", "patients"}
    assert seen[-1][0] == seen[-1][1] == sum(source.path.stat().st_size for source in inventory.files.values())
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.suffix == ".parquet") == [
        "omr.parquet",
        "patients.parquet",
    ]


def test_an_interrupted_run_stops_its_workers(tmp_path):
    for table in ("omr", "poe", "services"):
        write_source(tmp_path / "hosp", table, csv_text(table, [record(table, subject_id="1")]))

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract_tables(
            find_source_files({"hosp": tmp_path / "hosp"}),
            None,
            lambda table: tmp_path / table.name,
            progress=interrupt,
        )
    assert [path.name for path in tmp_path.iterdir()] == ["hosp"]


def test_a_table_out_of_order_is_sorted_within_the_memory_it_is_given(tmp_path):
    records = [record("outputevents", subject_id=str(1 + (i * 7919) % 997), value=str(i)) for i in range(60_000)]
    text = csv_text("outputevents", records)
    source = write_source(tmp_path, "outputevents", text, gz=True)
    extracted = extract_table(source, None, tmp_path / "out.parquet", memory_mb=32)
    found = pq.read_table(extracted.path, columns=["subject_id", "source_row"]).to_pylist()
    order = [(row["subject_id"], row["source_row"]) for row in found]
    assert order == sorted(order) and len(order) == 60_000


@pytest.mark.skipif("MIMIC_DEMO_ROOT" not in os.environ, reason="MIMIC_DEMO_ROOT names the open demo")
def test_the_open_demo_equals_a_naive_count(tmp_path):
    root = Path(os.environ["MIMIC_DEMO_ROOT"])
    inventory = find_source_files({module: root / module for module in ("hosp", "icu")})
    with gzip.open(root / "hosp" / "patients.csv.gz", "rt") as stream:
        cohort = {int(row["subject_id"]) for row in list(csv.DictReader(stream))[::3]}
    extracted = extract_tables(inventory, cohort, lambda table: tmp_path / f"{table.name}.parquet")
    assert extracted.faults == {} and len(extracted.extractions) == 31
    for done in extracted.extractions:
        of_patients = TABLES[done.table].of_patients
        with gzip.open(inventory.files[done.table].path, "rt", newline="") as stream:
            expected = [
                number
                for number, row in enumerate(csv.DictReader(stream), start=1)
                if not of_patients or int(row["subject_id"]) in cohort
            ]
        assert sorted(pq.read_table(done.path).column("source_row").to_pylist()) == expected, done.table
        assert done.notices == ()


def test_long_notes_out_of_order_are_sorted(tmp_path):
    records = [
        record("discharge", note_id=f"n{i}", subject_id=str(1 + (i * 7919) % 997), text=os.urandom(9000).hex())
        for i in range(3000)
    ]
    source = write_source(tmp_path, "discharge", csv_text("discharge", records))
    extracted = extract_table(source, None, tmp_path / "out.parquet", memory_mb=32)
    found = pq.read_table(extracted.path, columns=["subject_id", "source_row"]).to_pylist()
    order = [(row["subject_id"], row["source_row"]) for row in found]
    assert order == sorted(order) and len(order) == 3000
