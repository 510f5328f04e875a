"""What a planted fault is, and which check must name it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clinseek_assets_tests.release.bed import Bed


@dataclass(frozen=True)
class PlantedFault:
    """One fault.

    Attributes:
        name: unique in the catalogue.
        part: where it is looked for: `manifest`, or a part of `validation.PARTS` by its function's name.
        check: the check that must fail.
        plant: plants it, and returns what the check must name: rows as they are, of longer reasons some words.
        also: further checks that may fail of it, by the beginning of their name.
    """

    name: str
    part: str
    check: str
    plant: Callable[[Bed], Sequence[str]]
    also: tuple[str, ...] = ()
