"""Which kind of worker a step is for, where Celery spreads steps over machines; without Celery these tags are not read.

Predictions wait for an endpoint nearly all of their time, so one worker takes many of them. Everything else needs cores
and a disk. The warehouse is one DuckDB file with one writer, so its steps and the reports that follow belong to one
machine.
"""

from __future__ import annotations

MODELS, BUILD, TABLES = "clinseek-models", "clinseek-build", "clinseek-tables"
QUEUES = (MODELS, BUILD, TABLES)
# Group of assets -> queue; groups that are not named here go to BUILD.
QUEUE_OF = {"predictions": MODELS, "marts": TABLES, "reports": TABLES}
# On a Redis broker 0 goes first, 9 last. What is short and waited for goes before what takes hours.
FIRST, USUAL = 0, 5
PRIORITY_OF = {"scores": FIRST, "marts": FIRST, "reports": FIRST}


def step_tags(group: str) -> dict[str, str]:
    """The tags by which dagster-celery finds the queue and the priority of the steps of a group's assets."""
    return {
        "dagster-celery/queue": QUEUE_OF.get(group, BUILD),
        "dagster-celery/priority": str(PRIORITY_OF.get(group, USUAL)),
    }
