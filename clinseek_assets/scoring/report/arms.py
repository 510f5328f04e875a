"""How the four arms are named and marked in the report, the same in every plot."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """How points of one series look: a title, a colour of the Okabe-Ito palette, and a shape that tells it apart too.

    Attributes:
        title: what the legend says.
        colour: as `#rrggbb`.
        shape: matplotlib's name of the marker.
        filled: whether the marker is filled.
    """

    title: str
    colour: str
    shape: str
    filled: bool = True


ARMS = {
    "seeking": Mark("seeking", "#0072B2", "o"),
    "curated_strict": Mark("curated_strict", "#E69F00", "s"),
    "seeking_compat": Mark("seeking_compat", "#56B4E9", "^"),
    "curated": Mark("curated", "#D55E00", "D"),
}
CONTRASTS = {
    "seeking-curated_strict": Mark("headline: seeking − curated_strict", "#0072B2", "o"),
    "seeking_compat-curated": Mark("published: seeking_compat − curated", "#D55E00", "s", filled=False),
    "curated-curated_strict": Mark("given: curated − curated_strict", "#E69F00", "D"),
    "seeking_compat-seeking": Mark("sought: seeking_compat − seeking", "#56B4E9", "^", filled=False),
}
