"""What is assembled: the graph, what it runs over, and what Dagster loads of it."""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg

from clinseek_assets.assets.graph import Graph
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress


@dataclass(frozen=True)
class CodeLocation:
    """The graph, what it runs over, what Dagster loads of it, and who is told how far its steps are."""

    home: Home
    graph: Graph
    definitions: dg.Definitions
    progress: Progress
