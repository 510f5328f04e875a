"""Laboratory results: panels drawn again and again, stored later than they were charted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from clinseek_assets.synthetic.patients import DAY, Visit
from clinseek_assets.synthetic.physiology import lab_value
from clinseek_assets.synthetic.randomness import at_hour, whole_minute
from clinseek_assets.synthetic.record import PatientRecord
from clinseek_assets.synthetic.vocabulary import LabItem, vocabulary

# Lag from drawing to storing: median 65 minutes, 99 in 100 below 10 hours.
MEDIAN_LAG = 65
LAG_SPREAD = 0.95


def write_laboratory(record: PatientRecord, visit: Visit) -> None:
    """All results of a visit, drawn in the emergency department and in the hospital."""
    for time, panels, priority in _draws(record, visit):
        _write_draw(record, visit, time, panels, priority)


def write_outpatient_draw(record: PatientRecord, visit: Visit, time: datetime) -> None:
    """A draw at a clinic: no admission, and the panels of the last illness."""
    _write_draw(record, visit, time, visit.panels[:2], "ROUTINE", illness=visit.severity * 0.4, inpatient=False)


def _draws(record: PatientRecord, visit: Visit) -> Iterator[tuple[datetime, Sequence[str], str]]:
    dice = record.dice
    if visit.emergency:
        stay = visit.emergency
        time = stay.intime + dice.minutes(14, 45)
        yield time, visit.panels[:2], "STAT"
        if dice.chance(0.85):
            yield time + dice.minutes(20, 70), visit.panels[1:3], "STAT"
        repeat = time + dice.minutes(110, 190)
        if repeat < stay.outtime and dice.chance(0.75):
            yield repeat, visit.panels[:2], "STAT"
        if dice.chance(0.35):
            yield time + dice.minutes(2, 90), ("urinalysis",), "STAT"
    if visit.admission:
        yield from _inpatient_draws(record, visit)


def _inpatient_draws(record: PatientRecord, visit: Visit) -> Iterator[tuple[datetime, Sequence[str], str]]:
    dice, admission = record.dice, visit.admission
    assert admission is not None
    day = at_hour(admission.admittime, 0)
    while day < admission.end:
        hours = [dice.uniform(4.8, 6.6)]
        if visit.illness(day) > 0.5:
            hours += [dice.uniform(12, 15), dice.uniform(20, 22.5)]
        elif dice.chance(0.4):
            hours.append(dice.uniform(13, 18))
        for place, hour in enumerate(hours):
            time = at_hour(day, hour)
            if admission.admittime + timedelta(minutes=20) < time < admission.end:
                yield time, visit.panels if place == 0 else visit.panels[:2], "ROUTINE" if dice.chance(0.7) else "STAT"
                if place == 0 and dice.chance(0.4):
                    yield time + dice.minutes(40, 90), visit.panels[-1:], "ROUTINE"
        day += DAY


def _write_draw(
    record: PatientRecord,
    visit: Visit,
    time: datetime,
    panels: Sequence[str],
    priority: str,
    *,
    illness: float | None = None,
    inpatient: bool = True,
) -> None:
    dice = record.dice
    time = whole_minute(time)
    illness = visit.illness(time) if illness is None else illness
    admittime = visit.admission.admittime if visit.admission else None
    hadm_id = record.known_hadm_id(visit.hadm_id, time, admittime) if inpatient else None
    provider = record.provider() if dice.chance(0.4) else None
    for panel in panels:
        specimen = record.number("specimen", 1_000_000)
        stored = time + dice.lag(MEDIAN_LAG, LAG_SPREAD)
        for item in vocabulary().panels[panel]:
            if dice.chance(0.04):
                continue
            storetime = None if dice.chance(0.009) else stored
            _write_result(record, visit, item, illness, specimen, hadm_id, provider, time, storetime, priority)


def _write_result(
    record: PatientRecord,
    visit: Visit,
    item: LabItem,
    illness: float,
    specimen: int,
    hadm_id: int | None,
    provider: str | None,
    time: datetime,
    storetime: datetime | None,
    priority: str,
) -> None:
    dice, comment = record.dice, None
    if item.is_word:
        positive = dice.chance(0.08 + 0.4 * illness)
        text, number, low, high, flag = (
            ("POS" if positive else "NEG"),
            None,
            None,
            None,
            "abnormal" if positive else None,
        )
    else:
        number = lab_value(item, visit, illness, dice)
        low, high = item.low, item.high
        flag = "abnormal" if not low <= number <= high else None
        text = f"{number:.{item.decimals}f}"
        if dice.chance(0.004):
            text, number, comment = "___", None, 'HEMOLYSIS FALSELY ELEVATES THIS RESULT. Specimen QNS,\nnotified "ED".'
    record.add(
        "labevents",
        record.number("labevent"),
        record.patient.subject_id,
        hadm_id,
        specimen,
        item.itemid,
        provider,
        time,
        storetime,
        text,
        number,
        item.unit or None,
        low,
        high,
        flag,
        None if dice.chance(0.08) else priority,
        comment if comment else ("___" if dice.chance(0.02) else None),
    )
