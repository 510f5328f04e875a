"""The page of the checks: what is held, of which assets, and whether a failure stops what follows."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from clinseek_assets.assets.graph import Graph
from clinseek_assets.assets.marts import NAME as MARTS
from clinseek_assets.handbook.keys import named
from clinseek_assets.handbook.markdown import table
from clinseek_assets.handbook.marts import sql_tests

HEAD = """# Checks

Every check runs with its asset. A **blocking** one that fails leaves the asset without a receipt: it counts as not
made, and what is made from it does not run. One that does not block is shown on the Checks tab and changes nothing
else.
"""
OF_MARTS = """## Of the marts

dbt runs these after it built the marts; all of them block. Tests of single columns stand in [marts.md](marts.md).
"""


def checks_page(graph: Graph) -> Iterator[str]:
    """Every check of the graph; those that are alike for several assets in one line."""
    yield HEAD
    alike: dict[tuple[str, bool, str], list[dg.AssetKey]] = {}
    for artifact in graph.artifacts:
        for spec in artifact.definition.check_specs if artifact.name != MARTS else ():
            told = (spec.name, spec.blocking, " ".join((spec.description or "").split()))
            alike.setdefault(told, []).append(spec.asset_key)
    rows = [
        (f"`{name}`", named(keys), "yes" if blocking else "no", meaning)
        for (name, blocking, meaning), keys in alike.items()
    ]
    yield from table(("check", "of", "blocks", "what it holds"), rows)
    yield OF_MARTS
    yield from table(("test", "what it holds"), sql_tests())
