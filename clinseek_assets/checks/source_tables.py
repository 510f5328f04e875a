"""Checks of the extracted source tables: the catalogue's columns, types and required values, only the cohort's rows.

Polars reads the Parquet file lazily, so a table of many millions of rows never lies in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from clinseek_assets.checks.schemas import schema_result
from clinseek_assets.mimic.tables import ColumnType, Table
from clinseek_assets.resources.home import Home


def specs(table: Table, key: dg.AssetKey) -> Sequence[dg.AssetCheckSpec]:
    """The checks of one table's asset."""
    of_every_table = dg.AssetCheckSpec(
        "schema",
        asset=key,
        blocking=True,
        description="The catalogue's columns in order, their types, required values.",
    )
    of_patients = dg.AssetCheckSpec(
        "only_the_cohort",
        asset=key,
        blocking=True,
        description="No row of a patient whom the benchmark does not ask about.",
    )
    return [of_every_table, of_patients] if table.of_patients else [of_every_table]


def of_source_table(home: Home, table: Table) -> Iterator[dg.AssetCheckResult]:
    """Answer `specs` for the extracted table."""
    import polars

    frame = polars.scan_parquet(home.layout.source_table(table.module, table.name))
    yield schema_result("schema", table_schema(table), frame)
    if table.of_patients:
        found = set(frame.select(polars.col("subject_id").unique()).collect()["subject_id"].to_list())
        strangers = len(found - home.cohort())
        yield dg.AssetCheckResult(
            check_name="only_the_cohort", passed=not strangers, metadata={"patients outside the cohort": strangers}
        )


def table_schema(table: Table) -> Any:
    """The catalogue's entry as a Pandera schema over Polars."""
    import pandera.polars
    import polars

    types: dict[ColumnType, Any] = {
        ColumnType.INTEGER: polars.Int64,
        ColumnType.REAL: polars.Float64,
        ColumnType.TEXT: polars.String,
        ColumnType.DATETIME: polars.Datetime("us"),
        ColumnType.DATE: polars.Date,
    }
    columns = {
        column.name: pandera.polars.Column(types[column.type], nullable=not column.required, required=True)
        for column in table.columns
    }
    columns["source_row"] = pandera.polars.Column(polars.Int64, unique=True)
    return pandera.polars.DataFrameSchema(columns, strict=True, ordered=True, name=table.name)
