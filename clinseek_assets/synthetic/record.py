"""One patient's rows while they are written, and the running numbers that their ids are made of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable
from datetime import datetime
from typing import Any

from clinseek_assets.synthetic.patients import CAREGIVERS, PROVIDERS, Patient, caregiver_id, provider_id
from clinseek_assets.synthetic.randomness import Dice

ROWS_A_PATIENT = 40_000


class PatientRecord:
    """Rows by table, each a tuple in the order of the published header; datetimes, dates, numbers, texts and None.

    Attributes:
        rows: table -> its rows, in the order in which they will stand in the file.
    """

    def __init__(self, patient: Patient, seed: int) -> None:
        self.patient = patient
        self.seed = seed
        self.dice = Dice(f"{seed}/record/{patient.number}")
        self.rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._counts: Counter[str] = Counter()
        self._seen: set[Hashable] = set()

    def add(self, table: str, *values: Any) -> None:
        """Append a row."""
        self.rows[table].append(values)

    def count(self, name: str) -> int:
        """The next of a running number of this patient: 1, 2, …"""
        self._counts[name] += 1
        return self._counts[name]

    def once(self, *what: Hashable) -> bool:
        """Whether this is the first call with these arguments."""
        if what in self._seen:
            return False
        self._seen.add(what)
        return True

    def number(self, name: str, start: int = 0) -> int:
        """The next of a running number that no other patient's ever meets."""
        return start + self.patient.number * ROWS_A_PATIENT + self.count(name)

    def provider(self) -> str:
        """Some provider."""
        return provider_id(self.dice.randrange(PROVIDERS))

    def caregiver(self) -> int:
        """Some caregiver."""
        return caregiver_id(self.dice.randrange(CAREGIVERS))

    def known_hadm_id(self, hadm_id: int | None, time: datetime, admittime: datetime | None) -> int | None:
        """The admission's id as results carry it: before the admission only some do, they were linked later."""
        if hadm_id is None or admittime is None or time >= admittime or self.dice.chance(0.24):
            return hadm_id
        return None
