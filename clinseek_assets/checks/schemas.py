"""Pandera's verdict as an asset check: which rule, which column, how many rows; never a value."""

from __future__ import annotations

from typing import Any

import dagster as dg


def schema_result(check_name: str, schema: Any, frame: Any) -> dg.AssetCheckResult:
    """Validate `frame` (pandas, or a lazy Polars frame) against a Pandera schema.

    Pandera's failure cases hold the values that failed, so only rules, columns and counts are taken from them.
    """
    from pandera.config import ValidationDepth, config_context
    from pandera.errors import SchemaErrors

    broken: dict[str, int] = {}
    try:
        with config_context(validation_depth=ValidationDepth.SCHEMA_AND_DATA):
            schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        for error in errors.schema_errors:
            rule = " ".join(filter(None, (error.schema.name, rule_of(error))))
            broken[rule] = broken.get(rule, 0) + rows_of(error)
    return dg.AssetCheckResult(
        check_name=check_name,
        passed=not broken,
        description="; ".join(f"{rule}: {rows:,} rows" for rule, rows in list(broken.items())[:10]),
        metadata={"rules broken": len(broken), **dict(list(broken.items())[:10])},
    )


def rule_of(error: Any) -> str:
    """The broken rule's name, without the values that it may hold."""
    return str(error.reason_code.value if error.reason_code else "rule")


def rows_of(error: Any) -> int:
    """How many rows broke a rule; 1 for a rule about the whole frame."""
    cases = error.failure_cases
    return len(cases) if hasattr(cases, "__len__") and not isinstance(cases, str) else 1
