"""The four contrasts of a split as the report shows them, with intervals where they were worked out."""

from __future__ import annotations

import pandas

from clinseek_assets.locations.layout import Layout
from clinseek_assets.scoring.leaderboard import Board, read_mart

PAIRED = "paired_deltas"
# Contrast -> the arm whose mean counts, and the arm whose mean is taken off.
CONTRASTS = {
    "seeking-curated_strict": ("seeking", "curated_strict"),
    "seeking_compat-curated": ("seeking_compat", "curated"),
    "curated-curated_strict": ("curated", "curated_strict"),
    "seeking_compat-seeking": ("seeking_compat", "seeking"),
}
# Policy of time -> the contrast of both settings under it: the headline, and the published one.
OF_POLICY = {"strict": "seeking-curated_strict", "published": "seeking_compat-curated"}
# What looking into the future is worth in each setting.
OF_SETTING = {"curated": "curated-curated_strict", "seeking": "seeking_compat-seeking"}
COLUMNS = ("model", "kind", "mode", "contrast", "column", "delta", "low", "high", "p_holm")
TIED_FROM = 0.05


def read_contrasts(layout: Layout, board: Board) -> pandas.DataFrame:
    """The contrasts of a split's columns, each a mean over questions.

    Without the mart `paired_deltas` the leaderboard's own Δ stand in: the two contrasts of settings, without intervals.

    Returns:
        One row a model, mode, contrast and column, with `COLUMNS`; deltas are fractions.

    Raises:
        ResultsFault: the leaderboard was not built yet.
    """
    if not layout.mart(PAIRED).is_file():
        return _of_leaderboard(board, read_mart(layout, board.leaderboard))
    paired = read_mart(layout, PAIRED)
    ours = (
        paired["split"].eq(board.split) & paired["weighting"].eq("micro") & paired["column"].isin(list(board.columns))
    )
    return paired.loc[ours, list(COLUMNS)].reset_index(drop=True)


def _of_leaderboard(board: Board, leaderboard: pandas.DataFrame) -> pandas.DataFrame:
    rows = [
        {
            "model": row["model"],
            "kind": row["kind"],
            "mode": row["mode"],
            "contrast": OF_POLICY[row["policy"]],
            "column": column,
            "delta": row[f"{name}_delta"],
            **dict.fromkeys(("low", "high", "p_holm"), float("nan")),
        }
        for row in leaderboard.to_dict(orient="records")
        for column, name in board.wide.items()
    ]
    return pandas.DataFrame(rows, columns=list(COLUMNS)).dropna(subset="delta").reset_index(drop=True)
