"""What a baseline that seeks looks up in a MedMod record: of each item its extremes and its latest value, and the age.

The found rows have the columns that a context shows, so that the same rules read both. A question that its images
answer looks nothing up.
"""

from __future__ import annotations

from collections.abc import Collection

from clinseek_assets.benchmark.questions import Question

LOOKING = frozenset({"mortality_24h", "inpatient_mortality", "phenotype"})
MOST_WORDS = 60  # different texts of the chart, the most frequent ones
EXTREMES = "valuenum IS NOT NULL AND label IS NOT NULL GROUP BY label"
# The worst of an item's values is among these three; the latest one stands last.
STATEMENTS: tuple[tuple[str, str], ...] = (
    ("events", f"SELECT label, min(valuenum) AS valuenum FROM events WHERE {EXTREMES} ORDER BY label"),
    ("events", f"SELECT label, max(valuenum) AS valuenum FROM events WHERE {EXTREMES} ORDER BY label"),
    ("events", f"SELECT label, valuenum, max(charttime) AS latest FROM events WHERE {EXTREMES} ORDER BY label"),
    (
        "events",
        "SELECT label, value, count(*) AS rows FROM events WHERE valuenum IS NULL AND value IS NOT NULL AND label IS "
        f"NOT NULL GROUP BY label, value ORDER BY rows DESC, label, value LIMIT {MOST_WORDS}",
    ),
    ("stays", "SELECT coalesce(age, anchor_age) AS age FROM stays ORDER BY intime DESC LIMIT 1"),
)


def statements(question: Question, tables: Collection[str]) -> list[str]:
    """The statements that gather the evidence of a question.

    Args:
        question: a multimodal question.
        tables: the tables of its record that have rows.
    """
    return [statement for table, statement in STATEMENTS if table in tables] if looks_up(question) else []


def looks_up(question: Question) -> bool:
    """Whether the record can answer the question at all."""
    return question.task in LOOKING
