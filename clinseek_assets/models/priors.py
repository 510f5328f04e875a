"""How frequent each answer is in the cohort's source tables: what the floor rows and baselines know beforehand.

Counted are the values of each decision subtask's target column in the source tables, never the labels of a manifest.
An event is what the benchmark calls one: consecutive rows of the same table in a patient's life (diagnoses: those of
one stay). A value counts once an event; the typical size of an answer is the median number of distinct values an event.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import duckdb
import pandas as pd

from clinseek_assets.benchmark.answer_keys import answer_key
from clinseek_assets.benchmark.subtasks import DECISION_SUBTASKS
from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.mimic.code_classes import normalised_ndc
from clinseek_assets.storage import fingerprint
from clinseek_assets.storage.atomic import whole_file
from clinseek_assets.timeline.dictionaries import Dictionaries

MEMORY = "1GB"
COLUMNS = ("subtask", "value", "events", "all_events", "typical_size")
MODULE_ORDER = ("ed", "hosp", "icu", "note")  # the order of events at the same moment


@dataclass(frozen=True)
class Target:
    """Where a subtask's values are: SQL over the source tables.

    Attributes:
        needs: the source tables that it reads.
        select: gives subject_id, `occasion` and `value`; the occasion is the moment of the row, or its stay.
        timed: whether the occasion is a moment, so that consecutive ones make one event.
    """

    needs: tuple[str, ...]
    select: str
    timed: bool = True


def column(table: str, value: str, join: str = "", needs: tuple[str, ...] = ()) -> Target:
    """A target of a table whose rows have a time of their own."""
    return Target(
        (table, *needs), f"SELECT t.subject_id, {moment(table)} AS occasion, {value} AS value FROM {table} t {join}"
    )


def stay(table: str, stay_column: str, value: str, join: str = "") -> Target:
    """A target of a table whose rows belong to a stay as a whole."""
    select = f"SELECT t.subject_id, t.{stay_column} AS occasion, {value} AS value FROM {table} t {join}"
    return Target((table,), select, timed=False)


def moment(table: str) -> str:
    """SQL for the time by which the benchmark orders a row."""
    if table == "microbiologyevents":  # a culture without a time has a date
        return "CAST(coalesce(t.charttime, t.chartdate) AS TIMESTAMP)"
    return f"CAST(t.{TABLES[table].event_time} AS TIMESTAMP)"


def labelled(table: str, dictionary: str) -> Target:
    """A target whose values are item labels."""
    return column(table, "names.label", f"JOIN {dictionary} names USING (itemid)")


ICD = "JOIN {} names ON names.icd_code = trim(t.icd_code) AND names.icd_version = t.icd_version"
ATC = "JOIN atc names ON names.ndc = t.ndc"
EXAM = "JOIN radiology_detail d ON d.note_id = t.note_id AND d.field_name = 'exam_name'"

TARGETS: dict[str, Target] = {
    "admissions": column("admissions", "t.admission_type"),
    "transfers": column("transfers", "coalesce(nullif(trim(t.careunit), ''), t.eventtype)"),
    "services": column("services", "t.curr_service"),
    "omr": column("omr", "t.result_name"),
    "labevents": labelled("labevents", "lab_items"),
    "microbiologyevents": column("microbiologyevents", "t.test_name"),
    "radiology": column("radiology", "d.field_value", EXAM, ("radiology_detail",)),
    "poe": column("poe", "t.order_type"),
    "emar": column("emar", "t.medication"),
    "prescriptions": column("prescriptions", "t.drug"),
    "prescriptions_atc": column("prescriptions", "names.name", ATC),
    "procedures_icd": column("procedures_icd", "names.name", ICD.format("procedures")),
    "procedures_ccs": column("procedures_icd", "names.name", ICD.format("ccs_procedures")),
    "diagnoses_icd": stay("diagnoses_icd", "hadm_id", "names.name", ICD.format("diagnoses")),
    "diagnoses_ccs": stay("diagnoses_icd", "hadm_id", "names.name", ICD.format("ccs_diagnoses")),
    "diagnosis": stay("diagnosis", "stay_id", "t.icd_title"),
    "diagnosis_ccs": stay("diagnosis", "stay_id", "names.name", ICD.format("ccs_diagnoses")),
    "medrecon": column("medrecon", "t.name"),
    "medrecon_atc": column("medrecon", "names.name", ATC),
    "pyxis": column("pyxis", "t.name"),
    **{
        name: labelled(name, "icu_items")
        for name in (
            "chartevents",
            "ingredientevents",
            "datetimeevents",
            "procedureevents",
            "inputevents",
            "outputevents",
        )
    },
}
# Every row of a timed table is a moment of its patient; a change of table starts a new event.
EVENTS = """
CREATE TABLE events AS
WITH moments AS ({moments}),
marked AS (
    SELECT *, CAST(source IS DISTINCT FROM lag(source) OVER (PARTITION BY subject_id ORDER BY moment, place) AS INTEGER)
        AS fresh
    FROM moments
)
SELECT subject_id, moment, source, fresh,
    sum(fresh) OVER (PARTITION BY subject_id ORDER BY moment, place ROWS UNBOUNDED PRECEDING) AS event
FROM marked
"""
COUNTED = """
WITH found AS (SELECT subject_id, occasion, trim(value) AS value FROM ({select}) WHERE trim(value) <> ''),
events_with_values AS ({grouped}),
sizes AS (SELECT count(*) AS all_events, median(values_of_event) AS typical_size FROM (
    SELECT count(DISTINCT value) AS values_of_event FROM events_with_values GROUP BY subject_id, event))
SELECT value, count(DISTINCT (subject_id, event)) AS events,
    any_value(all_events) AS all_events, any_value(typical_size) AS typical_size
FROM events_with_values, sizes GROUP BY value
"""
GROUPED_BY_EVENT = """
SELECT found.subject_id, event, value FROM found JOIN events ON events.subject_id = found.subject_id
    AND events.moment = found.occasion AND events.source = '{table}'
"""
GROUPED_BY_STAY = "SELECT subject_id, occasion AS event, value FROM found WHERE occasion IS NOT NULL"


@dataclass(frozen=True)
class CandidatePriors:
    """Frequencies of values and typical answer sizes, per decision subtask.

    Attributes:
        frame: subtask, value, events (in how many events the value occurs), all_events (of the subtask), typical_size
            (median number of distinct values of those events).
    """

    frame: pd.DataFrame

    @cached_property
    def _counts(self) -> dict[str, dict[str, int]]:
        counts: dict[str, dict[str, int]] = {}
        for subtask, value, events in zip(
            self.frame["subtask"], self.frame["value"], self.frame["events"], strict=True
        ):
            of_subtask = counts.setdefault(str(subtask), {})
            key = answer_key(str(value))
            of_subtask[key] = of_subtask.get(key, 0) + int(events)
        return counts

    @cached_property
    def _sizes(self) -> dict[str, int]:
        sizes = self._of_subtask("typical_size")
        return {str(subtask): max(1, round(float(size))) for subtask, size in sizes.items()}

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the frequencies: part of the identity of each answer that rests on them."""
        return fingerprint.of_value([self._counts, self._sizes])

    @cached_property
    def _shares(self) -> dict[str, dict[str, float]]:
        totals = {str(subtask): int(number) for subtask, number in self._of_subtask("all_events").items()}
        return {
            subtask: {key: min(1.0, events / totals[subtask]) for key, events in counts.items()}
            for subtask, counts in self._counts.items()
        }

    def _of_subtask(self, column: str) -> pd.Series:
        return self.frame.groupby("subtask")[column].first()

    def events_with(self, subtask: str) -> Mapping[str, int]:
        """Normalised value -> number of events with it; empty for a subtask whose tables are not there."""
        return self._counts.get(subtask, {})

    def shares(self, subtask: str) -> Mapping[str, float]:
        """Normalised value -> share of the subtask's events with it, 0 to 1."""
        return self._shares.get(subtask, {})

    def values(self, subtask: str) -> list[str]:
        """The subtask's values as the source tables spell them, the most frequent first."""
        rows = self.frame[self.frame["subtask"] == subtask].sort_values(["events", "value"], ascending=[False, True])
        return [str(value) for value in rows["value"]]

    def typical_size(self, subtask: str) -> int:
        """How many distinct values an event of the subtask has (median, at least 1)."""
        return self._sizes.get(subtask, 1)

    def save(self, path: Path) -> None:
        """Write the frame as Parquet, whole or not at all."""
        with whole_file(path) as temporary:
            self.frame.to_parquet(temporary, index=False)

    @classmethod
    def load(cls, path: Path) -> CandidatePriors:
        """Read what `save` wrote; as long as the file stands as it is, this is the same object.

        Raises:
            SourceFault: the file is missing or is not of this shape.
        """
        try:
            return _loaded(path, path.stat().st_mtime_ns)
        except (OSError, ValueError) as error:
            raise SourceFault(
                f"The candidate frequencies {path} cannot be read ({type(error).__name__}).",
                mend="Count them again from the source tables.",
            ) from None


@lru_cache(maxsize=2)
def _loaded(path: Path, written: int) -> CandidatePriors:
    """The frequencies, which each partition of each arm asks for; `written` keeps an older file's from being reused."""
    frame = pd.read_parquet(path)
    if tuple(frame.columns) != COLUMNS:
        raise SourceFault(
            f"The candidate frequencies {path} have other columns than expected.",
            mend="Count them again from the source tables.",
        )
    return CandidatePriors(frame)


def candidate_priors(tables: Mapping[str, Path], reference_db: Path) -> CandidatePriors:
    """Count the target values of the decision subtasks in the cohort's source tables.

    Args:
        tables: table name -> Parquet file of the cohort's rows; subtasks whose tables are missing have no frequencies.
        reference_db: the SQLite file of dictionaries and code classes.

    Raises:
        SourceFault: a Parquet file cannot be read or lacks a column.
        DatabaseFault: the reference database cannot be read.
    """
    dictionaries = Dictionaries.load(reference_db)
    with tempfile.TemporaryDirectory(prefix="clinseek-") as spill, duckdb.connect() as db:
        db.execute(f"SET memory_limit = '{MEMORY}'")
        db.execute(f"SET temp_directory = '{spill}'")
        db.execute("SET preserve_insertion_order = false")
        try:
            return CandidatePriors(_count(db, tables, dictionaries))
        except duckdb.Error as error:
            raise SourceFault(
                f"The source tables cannot be counted ({type(error).__name__}).",
                mend="Extract the source tables again.",
            ) from None


def _count(db: duckdb.DuckDBPyConnection, tables: Mapping[str, Path], dictionaries: Dictionaries) -> pd.DataFrame:
    for name, path in tables.items():
        db.read_parquet(str(path)).create_view(name)
    codes = _drug_codes(db, [name for name in ("prescriptions", "medrecon") if name in tables])
    for name, frame in _name_frames(dictionaries, codes).items():
        db.register(name, frame)
    db.execute(EVENTS.format(moments=_moments(tables)))
    counted = [
        _counted(db, subtask, target)
        for subtask, target in TARGETS.items()
        if all(table in tables for table in target.needs)
    ]
    counted.append(_next_events(db))
    order = {name: place for place, name in enumerate(DECISION_SUBTASKS)}
    frame = pd.concat(counted, ignore_index=True)
    frame["place"] = frame["subtask"].map(order)
    frame = frame.sort_values(["place", "events", "value"], ascending=[True, False, True], ignore_index=True)
    return frame[list(COLUMNS)]


def _counted(db: duckdb.DuckDBPyConnection, subtask: str, target: Target) -> pd.DataFrame:
    grouped = GROUPED_BY_EVENT.format(table=target.needs[0]) if target.timed else GROUPED_BY_STAY
    return db.execute(COUNTED.format(select=target.select, grouped=grouped)).df().assign(subtask=subtask)


def _next_events(db: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The tables of the events themselves: what `next_event` asks for; one an event."""
    counts = """
        SELECT source AS value, sum(fresh)::BIGINT AS events, sum(sum(fresh)) OVER ()::BIGINT AS all_events,
            1.0 AS typical_size
        FROM events GROUP BY source
    """
    return db.execute(counts).df().assign(subtask="next_event")


def _moments(tables: Mapping[str, Path]) -> str:
    timed = [name for name in tables if name in TABLES and TABLES[name].of_patients and TABLES[name].event_time]
    timed.sort(key=lambda name: (MODULE_ORDER.index(TABLES[name].module), name))
    selects = [
        f"SELECT DISTINCT t.subject_id, {moment(name)} AS moment, '{name}' AS source, {place} AS place FROM {name} t "
        f"WHERE {moment(name)} IS NOT NULL"
        for place, name in enumerate(timed)
    ]
    nothing = "SELECT 0 AS subject_id, TIMESTAMP '2000-01-01' AS moment, '' AS source, 0 AS place WHERE false"
    return " UNION ALL ".join([nothing, *selects])


def _drug_codes(db: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> list[str]:
    """The drug codes as the tables spell them."""
    return sorted(
        {code for name in tables for (code,) in db.execute(f"SELECT DISTINCT ndc FROM {name}").fetchall() if code}
    )


def _name_frames(dictionaries: Dictionaries, drug_codes: Sequence[str]) -> dict[str, pd.DataFrame]:
    """The dictionaries as small tables to join: items by itemid, codes by code and version, ATC classes by NDC."""
    frames = {
        name: pd.DataFrame({"itemid": list(labels), "label": list(labels.values())}).astype(
            {"itemid": "int64", "label": "str"}
        )
        for name, labels in (("lab_items", dictionaries.lab_items), ("icu_items", dictionaries.icu_items))
    }
    for name in ("diagnoses", "procedures", "ccs_diagnoses", "ccs_procedures"):
        titles = getattr(dictionaries, name)
        codes = {
            "icd_code": [code for code, _ in titles],
            "icd_version": [version for _, version in titles],
            "name": list(titles.values()),
        }
        frames[name] = pd.DataFrame(codes).astype({"icd_code": "str", "icd_version": "int64", "name": "str"})
    atc = [(code, dictionaries.atc.get(normalised_ndc(code) or "")) for code in drug_codes]
    frames["atc"] = pd.DataFrame([entry for entry in atc if entry[1]], columns=["ndc", "name"]).astype("str")
    return frames
