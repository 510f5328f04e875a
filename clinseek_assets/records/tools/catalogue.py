"""The 16 published EHR tools: names, parameters, what a model is told of each, and the function that runs it.

Names and parameters are the published ones; `page` is added. All parameters are required but `page`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clinseek_assets.records.pinned.record import USUAL
from clinseek_assets.records.tools import candidate_tools, own_words, record_tools
from clinseek_assets.records.tools.desk import Desk
from clinseek_assets.records.tools.parameters import (
    MOST_WORDS,
    NUMBER,
    TEXT,
    TEXT_OR_TEXTS,
    TEXTS,
    Parameter,
    as_page,
    as_text,
    as_texts,
    as_words,
)
from clinseek_assets.records.tools.specs import ToolReply
from clinseek_assets.records.tools.times_given import FORMAT

PREFIX = "ehr."
SEMANTIC = f"{PREFIX}get_candidates_by_semantic_similarity"
AND_CANDIDATES = ", and the candidate tables"
EXAMPLE_TABLE = "for example labevents."
EXAMPLE_SQL = (
    "SELECT charttime, valuenum, valueuom "
    "FROM labevents WHERE label = 'Sodium' AND valuenum > 145 ORDER BY charttime DESC LIMIT 20."
)
EXAMPLE_CANDIDATES = "for example labevents_candidates."
NAMES_OF_CODES = "(label, long_title, ccs_name, atc_name)"
AS_CANDIDATES_HAVE_IT = "Write each as the question's candidates have it."
_MULTIMODAL = {
    EXAMPLE_CANDIDATES: "for example chexpert_candidates.",
    AS_CANDIDATES_HAVE_IT: "Write each as the question asks for it.",
}
# Dataset -> what is said otherwise of its records, where a description names a table.
REWORDED: Mapping[str, Mapping[str, str]] = {
    "mimic_iv": {},
    "ehrxqa": {**_MULTIMODAL, NAMES_OF_CODES: "(label, long_title)"},
    "medmod": {
        **_MULTIMODAL,
        NAMES_OF_CODES: "(label)",
        EXAMPLE_TABLE: "for example events.",
        EXAMPLE_SQL: (
            "SELECT charttime, valuenum FROM events WHERE label = 'Heart Rate' AND valuenum > 120 "
            "ORDER BY charttime DESC LIMIT 20."
        ),
    },
}


@dataclass(frozen=True)
class Tool:
    """One tool.

    Attributes:
        name: the published name.
        description: what a model is told.
        parameters: in the published order.
        run: the reply, of a desk and checked arguments.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    run: Callable[[Desk, dict[str, Any]], str | ToolReply]


PATIENT = Parameter("subject_id", "The patient of the question, for example 10000032.", TEXT, as_text)
TABLE = Parameter("table_name", f"A table of the record, {EXAMPLE_TABLE}", TEXT, as_text)
ANY_TABLE = Parameter("table_name", "A table of the record or a candidate table.", TEXT, as_text)
CANDIDATES = Parameter("table_name", f"A candidate table, {EXAMPLE_CANDIDATES}", TEXT, as_text)
COLUMN = Parameter("column_name", "A column of the table.", TEXT, as_text)
START = Parameter("start_time", f"The first time that counts: {FORMAT}.", TEXT, as_text)
END = Parameter("end_time", f"The last time that counts: {FORMAT}.", TEXT, as_text)
PAGE = Parameter("page", "Which page of the rows, 1 if not given.", NUMBER, as_page, required=False)

IN_PAGES = "Rows come in pages with their total number; long values are cut where it can be seen."

TOOLS: tuple[Tool, ...] = (
    Tool(
        f"{PREFIX}load_ehr",
        f"Begin here: the tables of the patient's record with their visible rows and time columns{AND_CANDIDATES}. "
        "The record is that of the question's patient as it was known at the current time; no other can be loaded.",
        (
            PATIENT,
            Parameter("timestamp", "The current time of the question, YYYY-MM-DD HH:MM:SS.", TEXT, as_text),
        ),
        record_tools.load_ehr,
    ),
    Tool(
        f"{PREFIX}get_table_names",
        "The names of the record's tables and of the candidate tables.",
        (PATIENT,),
        record_tools.get_table_names,
    ),
    Tool(
        f"{PREFIX}get_column_names",
        f"The names of a table's columns. Names of items and codes {NAMES_OF_CODES} are columns already.",
        (PATIENT, ANY_TABLE),
        record_tools.get_column_names,
    ),
    Tool(
        f"{PREFIX}get_table_description",
        "What a table and each of its columns mean, and from when on its rows and values are known.",
        (ANY_TABLE,),
        record_tools.get_table_description,
    ),
    Tool(
        f"{PREFIX}get_unique_values",
        f"The different values of a column and how many rows have each: all if they are at most "
        f"{record_tools.MOST_VALUES}, else the {record_tools.MOST_VALUES} most frequent.",
        (PATIENT, TABLE, COLUMN),
        record_tools.get_unique_values,
    ),
    Tool(
        f"{PREFIX}get_records_by_time",
        "A table's rows between two times, both included, the earliest first. A date alone is the whole day. "
        f"{IN_PAGES}",
        (PATIENT, TABLE, START, END, PAGE),
        record_tools.get_records_by_time,
    ),
    Tool(
        f"{PREFIX}get_event_counts_by_time",
        "How many rows each table has between two times, both included: a quick view of what happened. A date alone is "
        "the whole day.",
        (PATIENT, START, END),
        record_tools.get_event_counts_by_time,
    ),
    Tool(
        f"{PREFIX}get_latest_records",
        f"All rows of a table at the latest time that it has, and no earlier ones. {IN_PAGES}",
        (PATIENT, TABLE, PAGE),
        record_tools.get_latest_records,
    ),
    Tool(
        f"{PREFIX}get_records_by_keyword",
        "Rows of a table in which any column contains the keyword, whatever its case. The keyword is plain text: no "
        f"regular expression, no wildcard. {IN_PAGES}",
        (PATIENT, TABLE, Parameter("keyword", "Text to look for, for example sodium.", TEXT, as_text), PAGE),
        record_tools.get_records_by_keyword,
    ),
    Tool(
        f"{PREFIX}get_records_by_value",
        "Rows of a table in which a column has a value. Numbers compare as numbers (10 is 10.0), times as times (a "
        "date is its whole day), texts whole but whatever their case. NULL as value finds rows in which it is missing. "
        f"{IN_PAGES}",
        (PATIENT, TABLE, COLUMN, Parameter("value", "The value, for example 50983 or Sodium.", TEXT, as_text), PAGE),
        record_tools.get_records_by_value,
    ),
    Tool(
        f"{PREFIX}run_sql_query",
        "The rows of one SELECT (or WITH) statement in SQLite's dialect over the record's tables. Columns are typed: "
        f"numbers compare as numbers, times are texts 'YYYY-MM-DD HH:MM:SS', what is missing is NULL. At most "
        f"{USUAL.rows:,} rows and {USUAL.seconds:g} seconds a statement; candidate tables cannot be queried. "
        f"Example: {EXAMPLE_SQL} {IN_PAGES}",
        (PATIENT, Parameter("sql_query", "One SELECT statement.", TEXT, as_text), PAGE),
        record_tools.run_sql_query,
    ),
    Tool(
        f"{PREFIX}get_candidates_by_keyword",
        "Names of a candidate table (a vocabulary of answers) that contain a keyword, or whose other columns do, "
        f"whatever its case, the shortest names first. Plain text, no regular expression. {IN_PAGES}",
        (CANDIDATES, Parameter("keyword", "Text to look for, for example pneumonia.", TEXT, as_text), PAGE),
        candidate_tools.get_candidates_by_keyword,
    ),
    Tool(
        f"{PREFIX}get_candidates_by_fuzzy_matching",
        f"The {candidate_tools.MOST_ALIKE} names of a candidate table that are written most like each keyword, with a "
        "score up to 100: for misspelt or shortened words, or words in another order.",
        (
            CANDIDATES,
            Parameter("keywords", f"A text, or a list of at most {MOST_WORDS} texts.", TEXT_OR_TEXTS, as_words),
        ),
        candidate_tools.get_candidates_by_fuzzy_matching,
    ),
    Tool(
        SEMANTIC,
        f"The {candidate_tools.MOST_ALIKE} names of a candidate table that are nearest in meaning to each query, with "
        "their similarity, up to 1: for other words for the same thing.",
        (CANDIDATES, Parameter("query", f"A text, or a list of at most {MOST_WORDS} texts.", TEXT_OR_TEXTS, as_words)),
        candidate_tools.get_candidates_by_semantic_similarity,
    ),
    Tool(
        f"{PREFIX}think",
        "Write down a thought, such as what was found so far or what to look for next. Nothing is looked up.",
        (Parameter("response", "The thought.", TEXT, as_text),),
        own_words.think,
    ),
    Tool(
        f"{PREFIX}finish",
        'Submit the final answer and end the question, for example response = ["yes"], or ["Sodium", "Potassium"] '
        f"where several are asked for. {AS_CANDIDATES_HAVE_IT}",
        (Parameter("response", "The answers, a list of texts.", TEXTS, as_texts),),
        own_words.finish,
    ),
)
