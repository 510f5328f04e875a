"""A question's pictures as a baseline sees them: each with the scores of its findings, the earliest first."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clinseek_assets.records.tools.specs import Picture

WHEN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@dataclass(frozen=True)
class Film:
    """One picture.

    Attributes:
        taken: when, as its caption says; "" where it does not.
        scores: how much it looks like each of CheXpert's labels, 0 to 1.
    """

    taken: str
    scores: Mapping[str, float]


def films_of(pictures: Sequence[Picture]) -> list[Film]:
    """The pictures in the order of time; those without a time keep their place."""
    films = [_film(picture) for picture in pictures]
    return sorted(films, key=lambda film: film.taken) if all(film.taken for film in films) else films


def _film(picture: Picture) -> Film:
    # Here: what reads pixels takes its time to load, and every command knows the participants.
    from PIL import Image

    from clinseek_assets.imaging.appearance import findings_seen

    when = WHEN.search(picture.caption)
    with Image.open(io.BytesIO(picture.data)) as image:
        return Film(when[0] if when else "", findings_seen(image))
