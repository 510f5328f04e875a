"""Wilson's interval of a share of right answers, for subtasks whose scores are 0 or 1."""

from __future__ import annotations

import numpy

from clinseek_assets.scoring.statistics.clustered import CONFIDENCE


def wilson(share: numpy.ndarray, n: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The 95% interval of a share of `n` independent questions; `n` need not be whole (Wilson 1927)."""
    from scipy.special import ndtri

    z = float(ndtri((1 + CONFIDENCE) / 2))
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * numpy.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    return numpy.maximum(0.0, centre - reach), numpy.minimum(1.0, centre + reach)


def effective_size(
    share: numpy.ndarray, error: numpy.ndarray, n: numpy.ndarray, patients: numpy.ndarray
) -> numpy.ndarray:
    """How many independent questions `n` questions of fewer patients are worth: n by the design effect.

    The design effect is the clustered variance of the share over that of independent questions, p(1−p)/(n−1), and is
    taken as no less than 1; without repeated patients it is 1. Where all scores are equal it cannot be estimated, and
    each patient counts once.

    Args:
        share: the mean of 0/1 scores.
        error: its standard error clustered by patient.
        n, patients: numbers of questions and of patients.
    """
    independent = share * (1 - share) / numpy.maximum(n - 1, 1)
    effect = numpy.divide(error**2, independent, out=numpy.ones_like(error), where=independent > 0)
    size = numpy.where(independent > 0, n / numpy.maximum(effect, 1.0), patients)
    return numpy.where(patients == n, n, size).astype(float)
