"""The one partition of questions behind all errors, intervals and tests: patients × subtasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy


@dataclass(frozen=True)
class Partition:
    """Sums and counts of several series' scores by cell, a cell being the questions of one patient in one subtask.

    Attributes:
        patients: number of patients, over all cells that a selection was made from.
        subtasks: the subtasks' names, sorted; cells refer to them by position.
        patient_of, subtask_of: the patient and the subtask of each cell, by position.
        sums: cells × series, the sum of the scores that are there.
        counts: cells × series, how many are there.
    """

    patients: int
    subtasks: tuple[str, ...]
    patient_of: numpy.ndarray
    subtask_of: numpy.ndarray
    sums: numpy.ndarray
    counts: numpy.ndarray

    @cached_property
    def sizes(self) -> numpy.ndarray:
        """Subtasks × series: the number of questions n_k."""
        return _grouped(self.subtask_of, len(self.subtasks), self.counts)

    @cached_property
    def means(self) -> numpy.ndarray:
        """Subtasks × series: the mean score; 0 where there is no question, which then has no weight either."""
        sums = _grouped(self.subtask_of, len(self.subtasks), self.sums)
        return numpy.divide(sums, self.sizes, out=numpy.zeros_like(sums), where=self.sizes > 0)

    def within(self, members: Sequence[int] | numpy.ndarray) -> Partition:
        """The cells of some subtasks, given by position; patients and subtasks keep their positions."""
        kept = numpy.isin(self.subtask_of, members)
        return self._with(self.patient_of[kept], self.subtask_of[kept], self.sums[kept], self.counts[kept])

    def of_series(self, series: numpy.ndarray | slice) -> Partition:
        """The same cells for some of the series."""
        return self._with(self.patient_of, self.subtask_of, self.sums[:, series], self.counts[:, series])

    def by_patient(self, of_cells: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
        """Sum figures of cells (cells × series) by patient: the positions of those patients, patients × series."""
        present, row = numpy.unique(self.patient_of, return_inverse=True)
        return present, _grouped(row, len(present), of_cells)

    def _with(
        self, patient_of: numpy.ndarray, subtask_of: numpy.ndarray, sums: numpy.ndarray, counts: numpy.ndarray
    ) -> Partition:
        return Partition(self.patients, self.subtasks, patient_of, subtask_of, sums, counts)


def partition(values: numpy.ndarray, patients: numpy.ndarray, subtasks: numpy.ndarray) -> Partition:
    """Partition questions into patients × subtasks.

    Args:
        values: questions × series, the runs of a question averaged before; NaN where a series has no score.
        patients, subtasks: which patient and subtask each question belongs to.
    """
    known, patient = numpy.unique(patients, return_inverse=True)
    names, subtask = numpy.unique(subtasks, return_inverse=True)
    cells, cell_of = numpy.unique(subtask * len(known) + patient, return_inverse=True)
    there = ~numpy.isnan(values)
    return Partition(
        patients=len(known),
        subtasks=tuple(str(name) for name in names),
        patient_of=cells % max(1, len(known)),
        subtask_of=cells // max(1, len(known)),
        sums=_grouped(cell_of, len(cells), numpy.where(there, values, 0.0)),
        counts=_grouped(cell_of, len(cells), there.astype(float)),
    )


def _grouped(group_of: numpy.ndarray, groups: int, rows: numpy.ndarray) -> numpy.ndarray:
    """Sum rows (rows × series) by group: groups × series."""
    from scipy.sparse import csr_array  # here: the graph is loaded far more often than statistics are computed

    ones = numpy.ones(len(group_of))
    belongs = csr_array((ones, (group_of, numpy.arange(len(group_of)))), shape=(groups, len(group_of)))
    return belongs @ rows
