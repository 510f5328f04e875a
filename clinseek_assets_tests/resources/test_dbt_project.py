"""The client of dbt: what it starts, and what it does not."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import dagster_dbt.core.resource
import pytest
from dagster_dbt import DbtCliResource

from clinseek_assets.locations.layout import Layout
from clinseek_assets.resources.dbt_project import OwnDbt, dbt_client


def test_the_version_is_known_without_a_process_that_asks_the_package_index(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(command: list[str]) -> bytes:
        pytest.fail(f"{command[1:]} was run")

    monkeypatch.setattr(dagster_dbt.core.resource, "check_output", refuse)
    assert str(dbt_client(Layout(tmp_path))._cli_version) == version("dbt-core")


def test_what_is_left_out_is_still_what_dagster_does() -> None:
    left_out = {"_cli_version", "_initialize_dbt_core_adapter"}
    assert left_out <= vars(DbtCliResource).keys() & vars(OwnDbt).keys()
