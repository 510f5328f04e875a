"""Partition keys are validated where they are made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.faults import SettingsFault
from clinseek_assets.partitions import RESERVED, TEXT_SUBTASKS, cell, checked_keys, grid_key, grid_of

names = st.text(
    st.characters(exclude_characters="|,\n.", exclude_categories=("Cs", "Zs", "Zl", "Zp", "Cc")), min_size=1
)


def test_the_grid_is_subtasks_by_models():
    grid = grid_of(["vendor/model", "floor"], TEXT_SUBTASKS)
    keys = set(grid.get_partition_keys())
    assert len(TEXT_SUBTASKS.get_partition_keys()) == 45
    assert keys == {grid_key(model, subtask) for model in ("vendor/model", "floor") for subtask in SUBTASKS}


@given(names, st.sampled_from(list(SUBTASKS)))
def test_a_cell_gives_back_its_model_and_subtask(model, subtask):
    assert cell(grid_key(model, subtask)) == (model, subtask)


@given(st.lists(names, unique=True))
def test_good_names_stay_as_they_are(given_names):
    assert checked_keys(given_names, "model") == given_names


@given(names, st.sampled_from(RESERVED), names)
def test_a_reserved_sign_is_refused_by_name(before, sign, after):
    with pytest.raises(SettingsFault, match="partition keys may not"):
        checked_keys([before + sign + after], "model")


@pytest.mark.parametrize("given_names", [[""], [" a"], ["a", "a"]])
def test_empty_padded_and_repeated_names_are_refused(given_names):
    with pytest.raises(SettingsFault):
        checked_keys(given_names, "model")
