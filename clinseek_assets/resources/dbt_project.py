"""The dbt project of the marts, and its manifest: parsed when the project changed, else read from where it was kept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dagster_dbt import DbtCliResource
from packaging.version import Version

from clinseek_assets.faults import SettingsFault
from clinseek_assets.locations.layout import Layout
from clinseek_assets.storage.atomic import private_folder, write_text
from clinseek_assets.storage.disk_trouble import disk_trouble
from clinseek_assets.storage.fingerprint import of_file, of_parts

PROJECT = Path(__file__).resolve().parents[2] / "dbt"
QUIET = {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_NO_VERSION_CHECK": "1"}


def project_fingerprint() -> str:
    """A hash of the project's own files."""
    kept = [path for path in sorted(PROJECT.rglob("*")) if path.suffix in (".sql", ".yml", ".csv")]
    return of_parts(f"{path.relative_to(PROJECT)} {of_file(path)}" for path in kept if "target" not in path.parts)


def dbt_manifest(layout: Layout) -> Path:
    """The manifest of the project as it is now; dbt parses it only if its files changed since.

    Raises:
        SettingsFault: the project is not there or dbt cannot parse it.
    """
    manifest, stamp = layout.dbt_target / "manifest.json", layout.dbt_target / "parsed_from"
    wanted = f"{project_fingerprint()} {PROJECT}"
    if not (manifest.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted):
        parse(layout)
        write_text(stamp, wanted)
    return manifest


def parse(layout: Layout) -> None:
    """Let dbt write its manifest."""
    if not (PROJECT / "dbt_project.yml").is_file():
        raise SettingsFault(f"The dbt project {PROJECT} is missing.", mend="Use a checkout of the repository.")
    private_folder(layout.dbt_target)
    command = [sys.executable, "-m", "dbt.cli.main", "--quiet", "parse"]
    environment = {**os.environ, **QUIET, **places(layout)}
    ran = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        told = (ran.stdout or ran.stderr).strip()
        raise disk_trouble(OSError(told)) or SettingsFault(
            f"dbt cannot parse the project {PROJECT}: {told[-1000:]}", mend="Mend the file that dbt names."
        )


def places(layout: Layout) -> dict[str, str]:
    """Where dbt finds its profile and the warehouse, and where it writes."""
    return {
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(layout.dbt_target),
        "DBT_LOG_PATH": str(layout.dbt_target / "logs"),
        "CLINSEEK_WAREHOUSE": str(layout.warehouse),
    }


class OwnDbt(DbtCliResource):
    """The dbt of this environment, without what Dagster does before each run of it and we have no use for."""

    @cached_property
    def _cli_version(self) -> Version:
        """Told by the package: `dbt --version` takes seconds and asks PyPI for the newest."""
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        """None: with it rows and columns of the models could be fetched, and dbt would be loaded here as well."""


def dbt_client(layout: Layout) -> DbtCliResource:
    """The client that runs the project; dbt reads its places from the environment."""
    os.environ.update({**QUIET, **places(layout)})
    beside_python = Path(sys.executable).with_name("dbt")  # the virtual environment need not be on the PATH
    return OwnDbt(
        project_dir=str(PROJECT),
        profiles_dir=str(PROJECT),
        global_config_flags=["--no-version-check"],
        dbt_executable=str(beside_python) if beside_python.is_file() else "dbt",
    )
