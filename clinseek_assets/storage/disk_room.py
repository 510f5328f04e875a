"""The room that a disk has."""

from __future__ import annotations

import shutil
from pathlib import Path


def nearest_folder(place: Path) -> Path:
    """The folder itself where it is there, else the nearest one around it that is."""
    return next(folder for folder in (place.absolute(), *place.absolute().parents) if folder.exists())


def free_bytes(place: Path) -> int:
    """How many bytes the disk that a folder lies on, or will lie on, has to give."""
    return shutil.disk_usage(nearest_folder(place)).free
