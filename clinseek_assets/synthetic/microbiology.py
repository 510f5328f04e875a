"""Cultures: taken in minutes, stored days later; many rows where something grew and was tested."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from clinseek_assets.synthetic.patients import Visit
from clinseek_assets.synthetic.randomness import at_hour, whole_minute
from clinseek_assets.synthetic.record import PatientRecord
from clinseek_assets.synthetic.vocabulary import MicroTest, vocabulary

# 183 of 2,899 real rows have no charttime, 16 no storetime.
NO_CHARTTIME = 0.06
NO_STORETIME = 0.006
COMPARISONS = ("<=        ", "=         ", "=>        ")


def write_microbiology(record: PatientRecord, visit: Visit) -> None:
    """All cultures of a visit; the ill are cultured again."""
    dice, tests = record.dice, visit.condition.cultures
    if not tests:
        return
    times: list[datetime] = []
    if visit.emergency and dice.chance(0.35 + 0.5 * visit.severity):
        start = visit.emergency.intime + dice.minutes(30, 80)
        times += [start, start + dice.minutes(30, 90)]
    if visit.admission:
        time = visit.admission.admittime + dice.minutes(60, 300)
        while time < visit.admission.end:
            times.append(time)
            time += dice.minutes(8 * 60, 30 * 60) if visit.illness(time) > 0.4 else dice.minutes(24 * 60, 90 * 60)
    for time in times:
        for name in dice.some(tests, 1 + dice.chance(0.4)):
            _write_culture(record, visit, vocabulary().micro_tests[name], whole_minute(time))


def _write_culture(record: PatientRecord, visit: Visit, test: MicroTest, time: datetime) -> None:
    dice = record.dice
    specimen = record.number("micro_specimen", 3_000_000)
    stored = whole_minute(time + max(timedelta(hours=4), dice.lag(73 * 60, 0.5)))
    admittime = visit.admission.admittime if visit.admission else None
    head = (
        record.patient.subject_id,
        record.known_hadm_id(visit.hadm_id, time, admittime),
        specimen,
        record.provider(),
    )
    charttime = None if dice.chance(NO_CHARTTIME) else time
    storetime = None if dice.chance(NO_STORETIME) else stored
    when = (
        at_hour(time, 0),
        charttime,
        test.spec_itemid,
        test.specimen,
        1,
        at_hour(stored, 0) if storetime or dice.chance(0.5) else None,
        storetime,
        test.itemid,
        test.test,
    )
    if not test.organisms or not dice.chance(0.12 + 0.4 * visit.severity):
        comment = "NO GROWTH.  " if dice.chance(0.8) else "NEGATIVE FOR PATHOGENS, SEE COMMENT."
        record.add("microbiologyevents", record.number("microevent"), *head, *when, *[None] * 10, comment)
        return
    organism = dice.choice(test.organisms)
    growth = (vocabulary().organisms[organism], organism, 1, None)
    for tested in _susceptibilities(record, test):
        record.add("microbiologyevents", record.number("microevent"), *head, *when, *growth, *tested, None)


def _susceptibilities(record: PatientRecord, test: MicroTest) -> list[tuple[Any, ...]]:
    """The antibiotics' columns: a row each where a culture grew, one empty row where a screen was positive."""
    if "CULTURE" not in test.test.upper():
        return [(None,) * 6]
    dice, found = record.dice, []
    for name in dice.some(sorted(vocabulary().antibiotics), dice.randint(4, 8)):
        value, sign = dice.choice((0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)), dice.choice(COMPARISONS)
        verdict = dice.choices("SRI", weights=(80, 17, 3))[0]
        found.append((vocabulary().antibiotics[name], name, f"{sign.strip()}{value:g}", sign, value, verdict))
    return found
