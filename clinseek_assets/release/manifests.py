"""The released manifests of both splits held against their counts: what can be told without any protected data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.locations.settings import Settings
from clinseek_assets.release.checks import ReleaseCheck
from clinseek_assets.release.multimodal_manifest import multimodal_manifest_checks
from clinseek_assets.release.text_manifest import text_manifest_checks


def read_split(settings: Settings, split: str) -> tuple[list[ReleaseCheck], list[Question]]:
    """The checks of one split's manifest, and its questions; none where it cannot be read or there is none."""
    return READERS[split](settings)


def manifest_checks(settings: Settings, splits: Sequence[str]) -> list[ReleaseCheck]:
    """Hold the released manifests of these splits against their counts; no protected data is looked at."""
    return [check for split in splits for check in read_split(settings, split)[0]]


def _text(settings: Settings) -> tuple[list[ReleaseCheck], list[Question]]:
    return text_manifest_checks(settings.text_manifest, settings.release_root)


def _multimodal(settings: Settings) -> tuple[list[ReleaseCheck], list[Question]]:
    return multimodal_manifest_checks(settings.multimodal_manifest, settings.release_root)


READERS: dict[str, Callable[[Settings], tuple[list[ReleaseCheck], list[Question]]]] = {
    "text": _text,
    "multimodal": _multimodal,
}
SPLITS = tuple(READERS)
