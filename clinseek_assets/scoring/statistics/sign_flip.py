"""The sign-flip test of a mean paired difference: were patients' sums of w_i·d_i as likely to be of the other sign?"""

from __future__ import annotations

import numpy

from clinseek_assets.scoring.statistics.clustered import patient_sums
from clinseek_assets.scoring.statistics.columns import Column
from clinseek_assets.scoring.statistics.partition import Partition
from clinseek_assets.scoring.statistics.resamples import Resamples

# Sums that are equal but for rounding count as equal; relative to the sum of the absolute values.
_ROUNDING = 1e-12


def sign_flip(cells: Partition, column: Column, draws: Resamples) -> numpy.ndarray:
    """Two-sided p values of a column, an entry a series of differences.

    The p value is (1 + draws at least as far from 0) / (1 + draws), which is never 0 and holds its level.
    """
    patients, sums = patient_sums(cells, column)
    bound = numpy.abs(sums.sum(axis=0)) - _ROUNDING * numpy.abs(sums).sum(axis=0)
    as_far = numpy.zeros(sums.shape[1], dtype=int)
    signs = draws.signs[patients]
    for block in draws.blocks():
        flipped = sums.T @ signs[:, block].astype(float)
        as_far += (numpy.abs(flipped) >= bound[:, None]).sum(axis=1)
    return (1 + as_far) / (1 + signs.shape[1])
