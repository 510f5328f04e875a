"""The schemas of the contexts' frames, published and strict, by which asset checks prove what was stored."""

from __future__ import annotations

import pandas
import pandera.pandas as pandera

from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.timeline.events import EVENT_TABLES

SOURCES = ("manifest_input", "manifest_question", "ehr_bench", "rendered")
STATUSES = ("given", "exact", "ambiguous", "not_found")
SEARCHES = ("exact", "ambiguous", "not_found")

COLUMN_TYPES = {
    "qid": "str",
    "row_number": "int64",
    "subject_id": "int64",
    "subtask": "str",
    "source": "str",
    "status": "str",
    "context": "str",
    "context_sha256": "str",
    "tokens": "Int64",
    "differs": "boolean",
    "search": "str",
    "ties": "str",
    "window_start": "datetime64[us]",
    "window_table": "str",
}

STRICT_STATUSES = ("rendered", "no_published_context", "no_database")
STRICT_COUNTS = ("rows_curated_only", "values_curated_only", "rows_strict_only")

STRICT_COLUMN_TYPES = {
    "qid": "str",
    "row_number": "int64",
    "subject_id": "int64",
    "subtask": "str",
    "status": "str",
    "context": "str",
    "context_sha256": "str",
    "tokens": "Int64",
    "window_start": "datetime64[us]",
    "window_table": "str",
    **dict.fromkeys(STRICT_COUNTS, "Int64"),
}


def _all_or_none(frame: pandas.DataFrame) -> pandas.Series:
    """A row has a source, a text, its hash and its length, or none of them."""
    present = frame[["source", "context", "context_sha256", "tokens"]].notna()
    return present.all(axis="columns") | ~present.any(axis="columns")


def _status_fits_source(frame: pandas.DataFrame) -> pandas.Series:
    """Given texts come from outside, an exact one is rendered, and without a context the search failed."""
    rendered = frame["source"].eq("rendered").fillna(False)
    expected = frame["status"].where(frame["source"].isna(), "given").where(~rendered, "exact")
    return frame["status"].eq(expected) & (frame["source"].notna() | frame["status"].isin(SEARCHES[1:]))


_QUESTION = {
    "qid": pandera.Column(str, unique=True),
    "row_number": pandera.Column("int64", pandera.Check.ge(1)),
    "subject_id": pandera.Column("int64"),
    "subtask": pandera.Column(str, pandera.Check.isin(list(SUBTASKS))),
}
_TEXT = {
    "context": pandera.Column(str, pandera.Check.str_length(min_value=1), nullable=True),
    "context_sha256": pandera.Column(str, pandera.Check.str_matches(r"^[0-9a-f]{64}$"), nullable=True),
    "tokens": pandera.Column("Int64", pandera.Check.ge(1), nullable=True),
}
_BEGINNING = {
    "window_start": pandera.Column("datetime64[us]", nullable=True),
    "window_table": pandera.Column(str, pandera.Check.isin(EVENT_TABLES), nullable=True),
}

CONTEXTS = pandera.DataFrameSchema(
    {
        **_QUESTION,
        "source": pandera.Column(str, pandera.Check.isin(SOURCES), nullable=True),
        "status": pandera.Column(str, pandera.Check.isin(STATUSES)),
        **_TEXT,
        "differs": pandera.Column("boolean", nullable=True),
        "search": pandera.Column(str, pandera.Check.isin(SEARCHES), nullable=True),
        "ties": pandera.Column(str, pandera.Check.isin(["strict", "published"]), nullable=True),
        **_BEGINNING,
    },
    checks=[
        pandera.Check(_all_or_none, name="a_context_has_source_hash_and_length"),
        pandera.Check(_status_fits_source, name="status_fits_source"),
    ],
    strict=True,
    ordered=True,
    name="contexts",
)


def _rendered_in_full(frame: pandas.DataFrame) -> pandas.Series:
    """A rendered row has a text, its hash, its length and its counts; another has none of them."""
    present = frame[["context", "context_sha256", "tokens", *STRICT_COUNTS]].notna()
    rendered = frame["status"].eq("rendered")
    return (present.all(axis="columns") & rendered) | (~present.any(axis="columns") & ~rendered)


STRICT_CONTEXTS = pandera.DataFrameSchema(
    {
        **_QUESTION,
        "status": pandera.Column(str, pandera.Check.isin(STRICT_STATUSES)),
        **_TEXT,
        **_BEGINNING,
        **{name: pandera.Column("Int64", pandera.Check.ge(0), nullable=True) for name in STRICT_COUNTS},
    },
    checks=[pandera.Check(_rendered_in_full, name="a_rendered_context_has_hash_length_and_counts")],
    strict=True,
    ordered=True,
    name="strict_contexts",
)
