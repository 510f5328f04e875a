"""What a run could not ask or got no answer to: said in one line, with what continues it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import pandas

from clinseek_assets.assets.arms import Arm
from clinseek_assets.assets.predictions import TO_BE_TRIED_AGAIN, path_of
from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.partitions import grid_key
from clinseek_assets.resources.home import Home

GIVEN_UP = "given_up"
WHY = {
    str(Outcome.OVER_BUDGET): "the campaign's cap does not allow them",
    GIVEN_UP: "not asked any more after many failures in a row",
}
COLUMNS = ["outcome", "error_kind"]
CONTINUE = "The same command continues, and asks nothing again that has an answer."
RAISE_THE_CAP = "Raise the cap (`campaign` in models.yaml) first."
LOOK_AT_IT = "`clinseek models check` tells whether the endpoint answers."


def say_what_is_missing(home: Home, model: str, arms: Sequence[Arm], subtasks: Iterable[str]) -> None:
    """Tell of answers that are missing because no call was answered; silent where none are.

    Args:
        home: after the run.
        model: the model's name.
        arms, subtasks: the partitions that were asked for; those that have no predictions are left out.

    Raises:
        EndpointFault: answers are missing; how many, why, and what continues the run.
    """
    files = [path_of(home, arm, grid_key(model, subtask)) for arm in arms for subtask in subtasks]
    frames = [pandas.read_parquet(file, columns=COLUMNS) for file in files if file.is_file()]
    if not frames:
        return
    answers = pandas.concat(frames)
    missing = answers[answers["outcome"].isin([str(outcome) for outcome in TO_BE_TRIED_AGAIN])]
    if not missing.empty:
        raise fault_of(Counter(missing["error_kind"].fillna("unknown")), len(answers))


def fault_of(kinds: Counter[str], answers: int) -> EndpointFault:
    """The fault that tells of missing answers.

    Args:
        kinds: how many are missing for each kind of error.
        answers: how many there were to be.
    """
    told = [
        f"{count:,}: {WHY.get(kind, f'the endpoint gave no answer ({kind})')}" for kind, count in kinds.most_common()
    ]
    capped = Outcome.OVER_BUDGET in kinds
    first = [*([RAISE_THE_CAP] if capped else []), *([LOOK_AT_IT] if kinds.keys() != {Outcome.OVER_BUDGET} else [])]
    return EndpointFault(
        f"{kinds.total():,} of {answers:,} answers are missing ({'; '.join(told)}).", mend=" ".join([*first, CONTINUE])
    )
