"""How an answer ended: the model's own doings, kept apart from what never reached it.

`finished` and `salvaged` are answers. `truncated`, `out_of_rounds`, `refused` and `unparsable` are the model's own and
score 0. `endpoint_failed`, `over_budget` and `not_run` are missing: never an answer, never cached, never scored; they
lower the coverage.
"""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The word that a prediction's `outcome` column holds."""

    FINISHED = "finished"
    SALVAGED = "salvaged"
    TRUNCATED = "truncated"
    OUT_OF_ROUNDS = "out_of_rounds"
    REFUSED = "refused"
    UNPARSABLE = "unparsable"
    ENDPOINT_FAILED = "endpoint_failed"
    OVER_BUDGET = "over_budget"
    NOT_RUN = "not_run"


ANSWERS = frozenset({Outcome.FINISHED, Outcome.SALVAGED})
SCORED_ZERO = frozenset({Outcome.TRUNCATED, Outcome.OUT_OF_ROUNDS, Outcome.REFUSED, Outcome.UNPARSABLE})
MISSING = frozenset({Outcome.ENDPOINT_FAILED, Outcome.OVER_BUDGET, Outcome.NOT_RUN})
