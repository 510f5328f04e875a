"""The schemas of the multimodal contexts' frames, published and strict, by which asset checks prove what was stored."""

from __future__ import annotations

import pandas
import pandera.pandas as pandera

from clinseek_assets.benchmark.groups import GROUPS

GIVEN, RENDERED, NO_DATABASE = "given", "rendered", "no_database"
STATUSES = (GIVEN, RENDERED, NO_DATABASE)
STRICT_STATUSES = (RENDERED, NO_DATABASE)
COUNTS = ("rows_curated_only", "values_curated_only", "rows_strict_only")

COLUMN_TYPES = {
    "qid": "str",
    "row_number": "int64",
    "subject_id": "int64",
    "subtask": "str",
    "status": "str",
    "context": "str",
    "context_sha256": "str",
    "tokens": "Int64",
}
STRICT_COLUMN_TYPES = {**COLUMN_TYPES, **dict.fromkeys(COUNTS, "Int64")}

_QUESTION = {
    "qid": pandera.Column(str, unique=True),
    "row_number": pandera.Column("int64", pandera.Check.ge(1)),
    "subject_id": pandera.Column("int64"),
    "subtask": pandera.Column(str, pandera.Check.isin(list(GROUPS))),
}
_TEXT = {
    "context": pandera.Column(str, pandera.Check.str_length(min_value=1), nullable=True),
    "context_sha256": pandera.Column(str, pandera.Check.str_matches(r"^[0-9a-f]{64}$"), nullable=True),
    "tokens": pandera.Column("Int64", pandera.Check.ge(1), nullable=True),
}


def _all_or_none(frame: pandas.DataFrame) -> pandas.Series:
    """A row has a text, its hash, its length and its counts, or, without a database, none of them."""
    told = [name for name in ("context", "context_sha256", "tokens", *COUNTS) if name in frame]
    present = frame[told].notna()
    there = frame["status"].ne(NO_DATABASE)
    return (present.all(axis="columns") & there) | (~present.any(axis="columns") & ~there)


MULTIMODAL_CONTEXTS = pandera.DataFrameSchema(
    {**_QUESTION, "status": pandera.Column(str, pandera.Check.isin(STATUSES)), **_TEXT},
    checks=[pandera.Check(_all_or_none, name="a_context_has_hash_and_length")],
    strict=True,
    ordered=True,
    name="multimodal_contexts",
)

MULTIMODAL_STRICT_CONTEXTS = pandera.DataFrameSchema(
    {
        **_QUESTION,
        "status": pandera.Column(str, pandera.Check.isin(STRICT_STATUSES)),
        **_TEXT,
        **{name: pandera.Column("Int64", pandera.Check.ge(0), nullable=True) for name in COUNTS},
    },
    checks=[pandera.Check(_all_or_none, name="a_rendered_context_has_hash_length_and_counts")],
    strict=True,
    ordered=True,
    name="multimodal_strict_contexts",
)
