"""The grids: subtasks and models as partition definitions, their keys validated where they are made.

A grid's key is `model|subtask`: Dagster sorts the two dimensions by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import dagster as dg

from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.faults import SettingsFault

MODEL = "model"
SUBTASK = "subtask"
# Dagster joins the dimensions of a grid by `|`, lists of keys by `,` and ranges by `...`.
RESERVED = ("|", ",", "...", "\n")


def checked_keys(names: Iterable[str], what: str) -> list[str]:
    """The names as partition keys, in their order.

    Raises:
        SettingsFault: a name is empty, is there twice, or holds a sign that Dagster gives a meaning of its own.
    """
    keys: list[str] = []
    for name in names:
        if not name or name != name.strip():
            raise SettingsFault(f"A {what} has an empty name or one with spaces around it.", mend="Give it a name.")
        if taken := [sign for sign in RESERVED if sign in name]:
            raise SettingsFault(
                f"The {what} «{name}» holds {taken[0]!r}, which partition keys may not.", mend="Choose another name."
            )
        if name in keys:
            raise SettingsFault(f"The {what} «{name}» is there twice.", mend="Remove or rename one of the two.")
        keys.append(name)
    return keys


TEXT_SUBTASKS = dg.StaticPartitionsDefinition(checked_keys(SUBTASKS, "subtask"))
MULTIMODAL_GROUPS = dg.StaticPartitionsDefinition(checked_keys(GROUPS, "group"))


def model_partitions(models: Sequence[str]) -> dg.StaticPartitionsDefinition:
    """The enabled models, as the registry names them."""
    return dg.StaticPartitionsDefinition(checked_keys(models, "model"))


def grid_of(models: Sequence[str], subtasks: dg.StaticPartitionsDefinition) -> dg.MultiPartitionsDefinition:
    """The subtasks of a split by the enabled models."""
    return dg.MultiPartitionsDefinition({MODEL: model_partitions(models), SUBTASK: subtasks})


def grid_key(model: str, subtask: str) -> str:
    """The key of one cell of a grid."""
    return f"{model}|{subtask}"


def cell(key: str) -> tuple[str, str]:
    """Model and subtask of a grid's key."""
    model, _, subtask = key.partition("|")
    return model, subtask
