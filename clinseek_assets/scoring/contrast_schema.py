"""The schema of the differences between arms, by which an asset check proves what was stored."""

from __future__ import annotations

import pandas
import pandera.pandas as pandera

_DIFFERENCE = pandera.Check.in_range(-1, 1)
_P = pandera.Check.in_range(0, 1)
_ROUNDING = 1e-12


def _within_its_interval(frame: pandas.DataFrame) -> pandas.Series:
    """A single patient's difference has no interval."""
    inside = frame["delta"].between(frame["low"] - _ROUNDING, frame["high"] + _ROUNDING)
    return inside | (frame["patients"].eq(1) & frame["low"].isna() & frame["high"].isna())


def _never_below_p(frame: pandas.DataFrame) -> pandas.Series:
    corrected = frame[["p_holm", "p_bh"]].min(axis=1)
    return corrected.isna() | (corrected >= frame["p"])


CONTRASTS = pandera.DataFrameSchema(
    {
        "model": pandera.Column(str),
        "mode": pandera.Column(str),
        "contrast": pandera.Column(str),
        "column": pandera.Column(str),
        "level": pandera.Column(str, pandera.Check.isin(["subtask", "category", "task_type", "overall"])),
        "weighting": pandera.Column(str, pandera.Check.isin(["micro", "macro"])),
        "delta": pandera.Column("float64", _DIFFERENCE),
        **dict.fromkeys(("low", "high"), pandera.Column("float64", nullable=True)),
        **dict.fromkeys(("boot_low", "boot_high"), pandera.Column("float64", _DIFFERENCE, nullable=True)),
        **dict.fromkeys(("p", "p_holm", "p_bh"), pandera.Column("float64", _P, nullable=True)),
        "n": pandera.Column("int64", pandera.Check.ge(1)),
        "patients": pandera.Column("int64", pandera.Check.ge(1)),
        "small": pandera.Column("bool"),
        "mde": pandera.Column("float64", pandera.Check.ge(0), nullable=True),
    },
    checks=[
        pandera.Check(_within_its_interval, name="a_difference_lies_in_its_interval"),
        pandera.Check(_never_below_p, name="a_correction_makes_no_p_smaller"),
    ],
    unique=["model", "mode", "contrast", "column", "weighting"],
    strict=True,
    name="contrasts",
)
