"""What an evaluation would ask and cost, before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas

from clinseek_assets.assets.arms import Arm
from clinseek_assets.assets.contexts import NAME as CONTEXTS
from clinseek_assets.assets.contexts import path_of
from clinseek_assets.commands.sample import sampled
from clinseek_assets.models.registry import Model
from clinseek_assets.partitions import grid_key
from clinseek_assets.resources.home import Home


def forecast(home: Home, model: Model, arm: Arm, subtasks: Sequence[str], limit: int | None) -> dict[str, Any]:
    """How much would be asked: questions of partitions that have no answers yet, with the tokens of their contexts.

    Tokens are those of the tokenizer that measures contexts, an approximation for any other; the instructions around a
    context and the answers come on top, so the dollars (where the registry has prices) are a lower bound.
    """
    open_subtasks = [name for name in subtasks if not home.receipts.read(arm.predictions, grid_key(model.name, name))]
    asked = [question for question in home.questions() if question.task in set(open_subtasks)]
    asked = sampled(asked, limit) if limit else asked
    frames = [home.read(CONTEXTS, name, path_of(home, name)) for name in open_subtasks]
    contexts = pandas.concat(frames) if frames else pandas.DataFrame(columns=["qid", "tokens"])
    tokens = contexts.loc[contexts["qid"].isin([question.qid for question in asked]), "tokens"].dropna()
    told: dict[str, Any] = {
        "model": model.name,
        "arm": arm.name,
        "partitions": len(open_subtasks),
        "questions": len(asked),
        "questions with a context": len(tokens),
        "context tokens, approximate": int(tokens.sum()),
    }
    if model.prices is not None:
        told["US dollars for these tokens"] = round(float(tokens.sum()) / 1e6 * model.prices.input, 2)
    return told
