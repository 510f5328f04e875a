"""What passes as one reading statement, and where it ends."""

from __future__ import annotations

import pytest

from clinseek_assets.records.pinned.answers import Refusal
from clinseek_assets.records.pinned.statements import LONGEST_STATEMENT, checked

ONE = [
    ("select 1", "select 1"),
    ("SELECT 1;", "SELECT 1"),
    (" \n\tWith a AS (SELECT 1) SELECT * FROM a ;; -- done", " \n\tWith a AS (SELECT 1) SELECT * FROM a"),
    ("/* first; this */ VALUES (1) /* never closed", "/* first; this */ VALUES (1)"),
    ("-- a line;\nSELECT ';'", "-- a line;\nSELECT ';'"),
    ("""SELECT ';''; ' AS ";"";", `;`, [;] FROM t""", """SELECT ';''; ' AS ";"";", `;`, [;] FROM t"""),
    ("SELECT 5 - 3 / 2 -- ; DROP", "SELECT 5 - 3 / 2"),
    ("SELECT 'it''s' -- 'x\n, 2", "SELECT 'it''s' -- 'x\n, 2"),
    ("SELECT 'never closed; SELECT 2", "SELECT 'never closed; SELECT 2"),
    ("SELECT(1)", "SELECT(1)"),
]


@pytest.mark.parametrize(("statement", "kept"), ONE)
def test_one_statement_is_taken_up_to_its_end(statement, kept):
    assert checked(statement) == kept


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("", "wrong_statement"),
        (" ;; -- nothing", "wrong_statement"),
        ("SELECT 1; SELECT 2", "wrong_statement"),
        ("SELECT ';' ; -- and\nSELECT 2", "wrong_statement"),
        ("SELECT 1 /* ; */; /* */ x", "wrong_statement"),
        ("SELECT 'a\0'", "wrong_statement"),
        ("EXPLAIN SELECT 1", "not_allowed"),
        ("/* SELECT */ PRAGMA table_list", "not_allowed"),
        ("'SELECT'", "not_allowed"),
        ("(SELECT 1)", "not_allowed"),
        ("SELECTED", "not_allowed"),
        ("SELECT_ 1", "not_allowed"),
        ("SELECT * FROM __pin_labevents", "not_allowed"),
        ("SELECT '__PiN_'", "not_allowed"),
        (f"SELECT '{'x' * LONGEST_STATEMENT}'", "wrong_statement"),
    ],
)
def test_everything_else_is_refused(statement, kind):
    with pytest.raises(Refusal) as refused:
        checked(statement)
    assert refused.value.kind == kind


def test_a_long_statement_is_looked_through_at_once():
    checked(f"SELECT 1 WHERE 1 IN ({', '.join(map(str, range(15_000)))})")
