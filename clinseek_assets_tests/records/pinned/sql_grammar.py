"""Statements that a model might send: legal ones over the served tables, and attacks on what lies behind them.

Legal ones have one answer whatever the plan: LIMIT only below an order by all that is selected, ranks only with ties
alike, concatenation only in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

Tables = Mapping[str, Sequence[str]]
SCHEMAS = ("main", "temp", "src", "ref", "source", "db", "patient")
NAMES = ("labevents", "patients", "admissions", "poe", "discharge", "inputevents")


class Grammar:
    """A source of statements over tables.

    Args:
        tables: what is served.
        values: some values of each column, for conditions that hold now and then.
        random: where chance comes from.
    """

    def __init__(self, tables: Tables, values: Callable[[str, str], Sequence[str]], random: Random) -> None:
        self.tables = tables
        self.values = values
        self.random = random

    def legal(self) -> str:
        """A statement that must be answered."""
        shape = self.random.choice(
            (self.rows, self.rows, self.grouped, self.joined, self.counted, self.in_cte, self.in_subquery, self.ranked,
             self.compound, self.correlated, self.quoted, self.shadowed, self.recursive)
        )  # fmt: skip
        return shape()

    def rows(self) -> str:
        table = self.table()
        columns = self.columns(table)
        limit = f" ORDER BY {self.places(columns)} LIMIT {self.random.randrange(9)}" if self.chance(0.3) else ""
        distinct = "DISTINCT " if self.chance(0.2) else ""
        return f"SELECT {distinct}{', '.join(columns)} FROM {table}{self.where(table)}{limit}"

    def grouped(self) -> str:
        table = self.table()
        by = self.columns(table, 2)
        having = " HAVING count(*) > 1" if self.chance(0.3) else ""
        return (
            f"SELECT {', '.join(by)}, count(*), {self.aggregate(table)} FROM {table}{self.where(table)} "
            f"GROUP BY {self.places(by)}{having}"
        )

    def joined(self) -> str:
        shared = self.random.choice(("hadm_id", "stay_id", "itemid", "poe_id", "pharmacy_id", "emar_id", "note_id"))
        having = [table for table, columns in self.tables.items() if shared in columns]
        left, right = self.random.choice(having), self.random.choice(having)
        kind = self.random.choice(("JOIN", "LEFT JOIN", "CROSS JOIN"))
        one, other = self.column(left), self.column(right)
        both = f"{left} AS a {kind} {right} b ON a.{shared} = b.{shared}"
        return f"SELECT a.{one}, b.{other}, count(*) FROM {both} GROUP BY 1, 2"

    def counted(self) -> str:
        table = self.table()
        return f"SELECT count(*), {self.aggregate(table)} FROM {table}{self.where(table)}"

    def in_cte(self) -> str:
        table = self.table()
        column = self.column(table)
        return (
            f"WITH picked AS ({self.simple(table, column)}), counts(value, n) AS "
            f"(SELECT {column}, count(*) FROM picked GROUP BY 1) SELECT value, n FROM counts WHERE n > 0 -- done"
        )

    def in_subquery(self) -> str:
        table, other = self.table(), self.table()
        column = self.column(table)
        return (
            f"SELECT {column} FROM (SELECT * FROM {table}{self.where(table)}) AS inner_one "
            f"WHERE {column} IN (SELECT {self.column(other)} FROM {other}) OR {column} IS NOT NULL"
        )

    def ranked(self) -> str:
        table = self.table()
        by, over = self.column(table), self.column(table)
        function = self.random.choice(("rank()", "dense_rank()", "percent_rank()", "count(*)", "min(subject_id)"))
        return f"SELECT {by}, {over}, {function} OVER (PARTITION BY {by} ORDER BY {over}) FROM {table}"

    def compound(self) -> str:
        operator = self.random.choice(("UNION", "UNION ALL", "EXCEPT", "INTERSECT"))
        one, other = self.table(), self.table()
        return f"{self.simple(one, self.column(one))} {operator} {self.simple(other, self.column(other))}"

    def correlated(self) -> str:
        table = self.table()
        column = self.column(table)
        return (
            f"SELECT a.{column}, (SELECT count(*) FROM {table} AS b WHERE b.{column} = a.{column}) FROM {table} a "
            f"WHERE EXISTS (SELECT 1 FROM patients p WHERE p.subject_id = a.subject_id)"
        )

    def quoted(self) -> str:
        table = self.table()
        column = self.column(table)
        opened, closed = self.random.choice(('""', "[]", "``"))
        spelled = self.random.choice((str.upper, str.title, str))(table)
        return f"/* a comment; with a semicolon */ SELECT {opened}{column}{closed} FROM {opened}{spelled}{closed};"

    def shadowed(self) -> str:
        """A common table expression that borrows a table's name, over what the model may read anyway."""
        table, other = self.table(), self.table()
        return f"WITH {other} AS (SELECT * FROM temp.{table}) SELECT count(*), max({self.column(table)}) FROM {other}"

    def recursive(self) -> str:
        last = self.random.randrange(2, 90)
        return (
            f"WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {last}) "
            f"SELECT i, (SELECT count(*) FROM {self.table()}) FROM n"
        )

    def attack(self) -> str:
        """A statement that tries to see, do or take more than it may. It may be answered, but must not succeed."""
        table = self.random.choice(NAMES)
        schema = self.random.choice(SCHEMAS)
        column = self.random.choice(("*", "count(*)", "1", "max(rowid)", "rowid", "_rowid_", "oid", "dod", "text",
                                     "max(storetime)", "group_concat(hadm_id)"))  # fmt: skip
        hidden = self.random.choice(("sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_stat1", "d_items",
                                     "d_ccs_diagnoses", "dbstat", "sqlite_dbpage", "bytecode"))  # fmt: skip
        pragma = self.random.choice(("table_list", "database_list", "table_info", "function_list", "temp_store"))
        doubled = ", ".join(f"c{n} AS (SELECT 1 FROM c{n - 1} a, c{n - 1} b)" for n in range(1, 40))
        return self.random.choice(
            (
                f"SELECT {column} FROM {schema}.{table}",
                f"SELECT {column} FROM {hidden}",
                f"SELECT {column} FROM {schema}.{hidden}",
                f"SELECT {column} FROM __pin_{table}",
                f'SELECT {column} FROM temp."__PIN_{table}"',
                f"SELECT {column} FROM {table}, {schema}.{table} AS raw",
                f"WITH {table} AS (SELECT * FROM {schema}.{table}) SELECT {column} FROM {table}",
                f"WITH {table} AS (SELECT count(*) AS n FROM {schema}.{table}) SELECT n FROM {table}",
                f"WITH __pin_{table} AS (SELECT * FROM {schema}.{table}) SELECT {column} FROM __pin_{table}",
                f'WITH "__pin_{table}" AS MATERIALIZED (SELECT 1 FROM src.{table}) SELECT * FROM "__pin_{table}"',
                f"WITH a AS (WITH {table} AS (SELECT * FROM {schema}.{table}) SELECT * FROM {table}) SELECT * FROM a",
                f"SELECT (SELECT {column} FROM {schema}.{table} LIMIT 1) FROM {table}",
                f"SELECT * FROM {table} WHERE EXISTS (SELECT {column} FROM src.{table})",
                f"SELECT {table}.{column} FROM {table}",
                f"SELECT * FROM {table} AS sub, (SELECT {column} FROM src.{table} AS {table}) AS {table}",
                f"SELECT * FROM (SELECT {column} FROM src.{table}) AS __pin",
                f"SELECT * FROM pragma_{pragma}",
                f"SELECT count(*) FROM pragma_{pragma}('{table}')",
                f"PRAGMA {pragma}",
                f"SELECT 1; PRAGMA {pragma}",
                f"EXPLAIN SELECT * FROM {table}",
                f"/**/ EXPLAIN QUERY PLAN SELECT * FROM {table}",
                "ATTACH ':memory:' AS other",
                "DETACH src",
                f"SELECT * FROM {table}; ATTACH '/tmp/attached.db' AS x",
                f"CREATE TEMP TABLE copied AS SELECT * FROM {table}",
                f"CREATE VIEW seen AS SELECT * FROM src.{table}",
                f"DROP VIEW {table}",
                f"DELETE FROM {table}",
                f"WITH a AS (SELECT 1) DELETE FROM {schema}.{table}",
                f"WITH a AS (SELECT 1) INSERT INTO {schema}.{table} SELECT * FROM {schema}.{table}",
                f"WITH a AS (SELECT 1) UPDATE {table} SET subject_id = 0",
                "VACUUM INTO '/tmp/copied.db'",
                "BEGIN",
                "SAVEPOINT s",
                "REINDEX",
                "ANALYZE",
                "SELECT readfile('/etc/passwd'), writefile('/tmp/written', 'x')",
                "SELECT load_extension('x')",
                "SELECT hex(zeroblob(100000000))",
                "SELECT printf('%.*c', 200000000, 'x')",
                "SELECT format('%200000000d', 1)",
                "SELECT randomblob(100000000), quote(x'00'), replace('aaa', 'a', 'bbbbbbbbbb')",
                "SELECT sqlite_source_id(), sqlite_compileoption_get(1), sqlite_version(), random()",
                "SELECT json_extract('{}', '$'), json_group_array(1), '{}' -> '$'",
                f"SELECT * FROM json_each((SELECT {column} FROM {table}))",
                f"SELECT fts5({column}) FROM {table}",
                f"SELECT '{'x' * self.random.choice((10, 1000, 150_000))}'",
                f"SELECT {'+'.join(['1'] * self.random.choice((10, 3000)))}",
                f"SELECT {'(' * 900}1{')' * 900}",
                f"SELECT {', '.join(['1'] * self.random.choice((10, 2500)))}",
                f"SELECT 1 WHERE 1 IN ({', '.join(map(str, range(self.random.choice((10, 9000)))))})",
                f"SELECT * FROM {', '.join(f'{table} AS t{number}' for number in range(70))}",
                " UNION ALL ".join(["SELECT 1"] * 600),
                f"WITH c0 AS (SELECT 1), {doubled} SELECT count(*) FROM c39",
                f"SELECT * FROM {table} INDEXED BY {table}_by_hadm_id_charttime",
                f"SELECT {column} FROM {table} WHERE \"no such column\" = 'x'",
                f"SELECT {column} FROM [{table}] WHERE 1 = 1 --; DROP TABLE {table}",
                f"SELECT * FROM {table}(1)",
                "SELECT cast(x'ff' AS TEXT)",
                "SELECT 'a\0b'",
                "SELECT ?, :name, @x",
                "",
                ";",
                "SELECT",
                "SELECT 'not closed",
                '"',
                f"SELECT raise(ABORT, 'x') FROM {table}",
                f"SELECT * FROM {table} RIGHT JOIN src.{table} USING (subject_id)",
                f"VALUES ((SELECT {column} FROM src.{table}))",
                "SELECT name, sql FROM temp.sqlite_master UNION SELECT 1, 2",
                f"SELECT subject_id FROM {table} WHERE subject_id IN src.{table}",
                f"SELECT subject_id FROM {table} WHERE subject_id IN (TABLE src.{table})",
                f"SELECT sum(1) OVER w FROM src.{table} WINDOW w AS (ORDER BY 1)",
            )
        )

    def bomb(self) -> str:
        """A statement that takes long or much, if it is let."""
        table = self.random.choice(("labevents", "chartevents", "poe", "emar"))
        grow = "WITH RECURSIVE g(s) AS (VALUES ('a') UNION ALL SELECT s || s FROM g WHERE length(s) < 90000) "
        return self.random.choice(
            (
                "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
                "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n ORDER BY -i",
                "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT group_concat(i) FROM n",
                f"SELECT count(*) FROM {', '.join(f'{table} AS t{n}' for n in range(20))}",
                f"SELECT sum(a.subject_id) OVER (ORDER BY b.rowid) FROM {table} a, {table} b",
                f"SELECT DISTINCT a.hadm_id * random() FROM {table} a",
                f"SELECT t0.* FROM {', '.join(f'{table} AS t{n}' for n in range(9))} ORDER BY t1.hadm_id, t8.hadm_id",
                f"{grow} SELECT max(instr(s, s || 'b')) FROM g",
                f"{grow} SELECT s LIKE '%a%a%a%a%a%a%a%b' FROM g",
                f"{grow} SELECT s GLOB '*a*a*a*a*a*a*[b-c]*d' FROM g",
                f"{grow} SELECT s LIKE ('%' || substr(s, 1, 490) || 'b') FROM g",
                f"{grow} SELECT trim(s, s || 'b') FROM g",
                f"{grow} SELECT s || s || s || s FROM g",
                f"{grow} SELECT concat_ws(s, s, s, s, s) FROM g",
                f"{grow} SELECT {', '.join(['s'] * 30)} FROM g",
            )
        )

    def simple(self, table: str, column: str) -> str:
        return f"SELECT {column} FROM {table}{self.where(table)}"

    def where(self, table: str) -> str:
        if self.chance(0.4):
            return ""
        column = self.column(table)
        value = self.random.choice([*self.values(table, column), "'2150-06-10'", "0", "NULL"])
        test = self.random.choice(
            (
                f"{column} = {value}", f"{column} < {value}", f"{column} >= {value}", f"{column} IS NOT {value}",
                f"{column} IS NULL", f"{column} NOT IN ({value}, 1)", f"{column} LIKE '%1%'",
                f"{column} BETWEEN {value} AND 'x'", f"typeof({column}) = 'text'", f"abs({column}) > 5",
                f"coalesce({column}, 'none') <> 'none'", f"substr({column}, 1, 4) = '2150'", f"instr({column}, '1')",
                f"CASE WHEN {column} > {value} THEN 1 ELSE 0 END", f"round({column} * 1.0, 2) < 1000",
            )
        )  # fmt: skip
        return f" WHERE {test}" if self.chance(0.8) else f" WHERE NOT ({test}) OR {self.column(table)} IS NULL"

    def aggregate(self, table: str) -> str:
        column = self.column(table)
        return self.random.choice(
            (f"count({column})", f"min({column})", f"max({column})", f"sum({column})", f"avg({column})",
             f"count(DISTINCT {column})", f"group_concat({column}, '|' ORDER BY {column})", f"total({column})",
             f"sum(length({column})) FILTER (WHERE {column} IS NOT NULL)")
        )  # fmt: skip

    def table(self) -> str:
        return self.random.choice(list(self.tables))

    def column(self, table: str) -> str:
        return self.random.choice(self.tables[table])

    def columns(self, table: str, most: int = 5) -> list[str]:
        columns = list(self.tables[table])
        return self.random.sample(columns, self.random.randint(1, min(most, len(columns))))

    def places(self, columns: Sequence[str]) -> str:
        return ", ".join(str(place) for place in range(1, len(columns) + 1))

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability
