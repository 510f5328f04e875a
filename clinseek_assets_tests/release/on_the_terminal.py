"""`clinseek` as a user calls it, over a release and its sources below one folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CLINSEEK = Path(sys.executable).with_name("clinseek")


def clinseek(root: Path, *arguments: str | Path, **named: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the settings that name this release and its sources."""
    sources = root / "sources"
    own = ("CLINSEEK_", "MIMIC_", "EHRXQA_", "MEDMOD_", "EHR_", "PHYSIONET_")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(own)}
    settings = {
        "CLINSEEK_HOME": str(root),
        "CLINSEEK_RELEASE_ROOT": str(root / "release"),
        "MIMIC_IV_ROOT": str(sources / "mimic_iv"),
        "MIMIC_CXR_ROOT": str(sources / "mimic_cxr"),
        "MIMIC_CXR_JPG_ROOT": str(sources / "mimic_cxr_jpg"),
        "EHRXQA_ROOT": str(sources / "ehrxqa"),
        "MEDMOD_ROOT": str(sources / "medmod"),
    }
    command = [CLINSEEK, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=root, env=clean | settings | named)
