"""Chance, repeatable: every patient draws from a generator of their own, seeded by name."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

T = TypeVar("T")


class Dice(random.Random):
    """A generator with the draws that records need. Seeded by text, it does not depend on the hash seed."""

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random() < probability

    def weighted(self, weights: Mapping[str, float]) -> str:
        """One of the names, by weight."""
        return self.choices(list(weights), weights=list(weights.values()))[0]

    def some(self, values: Sequence[T], at_most: int) -> list[T]:
        """Up to so many of the values, in their own order, without repeats."""
        chosen = sorted(self.sample(range(len(values)), min(at_most, len(values))))
        return [values[place] for place in chosen]

    def minutes(self, low: float, high: float) -> timedelta:
        """A span of whole seconds between two numbers of minutes."""
        return timedelta(seconds=int(self.uniform(low, high) * 60))

    def lag(self, median_minutes: float, spread: float) -> timedelta:
        """A span with a long tail to the right: log-normal around the median, in whole seconds."""
        return timedelta(seconds=int(60 * median_minutes * math.exp(self.gauss(0.0, spread))))


def sigmoid(value: float) -> float:
    """The logistic function: any number to a probability."""
    return 1.0 / (1.0 + math.exp(-value))


def whole_minute(time: datetime) -> datetime:
    """The time with its seconds dropped: most of a hospital's clocks are read to the minute."""
    return time.replace(second=0, microsecond=0)


def at_hour(day: datetime, hour: float) -> datetime:
    """That hour of the day of `day`."""
    return day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(minutes=int(hour * 60))
