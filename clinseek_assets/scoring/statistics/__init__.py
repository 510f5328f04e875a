"""Statistics of the tables: intervals, tests and corrections of mean scores and of paired differences.

Subtasks are fixed, patients are random, and one patient may answer for several questions of several subtasks. Every
figure is a weighted mean of subtask means over one partition of its questions into patients × subtasks
(`partition.py`). From that partition come

- the standard error clustered by patient and its t interval (`clustered.py`: Miller 2024, arXiv 2411.00640, with the
  factor G/(G−1));
- the percentile interval of a bootstrap over patients (`bootstrap.py`) and the sign-flip test (`sign_flip.py`), both on
  the same seeded draws for all models, arms and columns (`resamples.py`);
- Wilson's interval of a subtask of right-or-wrong scores (`proportions.py`: Bowyer et al. 2025, arXiv 2503.01747, on
  why the normal approximation fails for few questions).

`contrasts` compares the arms of a model, `levels` the models within an arm, `adjusted` corrects for many tests.
"""

from clinseek_assets.scoring.statistics.clustered import CONFIDENCE, Estimate, minimum_detectable, weighted_mean
from clinseek_assets.scoring.statistics.columns import MACRO, MICRO, OVERALL, weights_of
from clinseek_assets.scoring.statistics.contrasts import CONTRASTS, contrasts
from clinseek_assets.scoring.statistics.families import adjusted
from clinseek_assets.scoring.statistics.levels import group_intervals, levels
from clinseek_assets.scoring.statistics.resamples import DRAWS, SEED

__all__ = [
    "CONFIDENCE",
    "CONTRASTS",
    "DRAWS",
    "MACRO",
    "MICRO",
    "OVERALL",
    "SEED",
    "Estimate",
    "adjusted",
    "contrasts",
    "group_intervals",
    "levels",
    "minimum_detectable",
    "weighted_mean",
    "weights_of",
]
