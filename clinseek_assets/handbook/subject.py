"""What the reference describes: the graph over no data at all, so that it is the same on every machine."""

from __future__ import annotations

from pathlib import Path

from clinseek_assets.locations.settings import MODELS_FILE, Settings, project_folder


def nothing_named(home: Path) -> Settings:
    """Settings that name no data and read neither the environment nor a `clinseek.yaml`, with the shipped models.

    Args:
        home: a folder; dbt's manifest is kept there.
    """
    project = project_folder()
    return Settings(
        home=home,
        release_root=home / "release",
        mimic_roots={},
        models_file=project / MODELS_FILE,
        project_root=project,
    )
