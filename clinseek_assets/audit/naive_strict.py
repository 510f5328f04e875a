"""The `strict` policy once more, naively: what a question may see of a patient's source rows.

A row is visible iff it was known before the question's moment, and so is each of its values. Every table has one
function here, which says of a row when it was known and which of its values became known at another time. Times are
compared as moments; a date is its midnight; what nothing dates was never known. The rules are those of the policy's
document, table by table; the engine that serves records is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from clinseek_assets.audit.life import NEVER, PARENTS, Life, Row, after, latest
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.timeline.rows import PatientRows

# Columns that no question is ever shown: final states, and the date of death.
NEVER_SERVED: dict[str, tuple[str, ...]] = {
    "patients": ("dod",),
    "poe": ("order_status",),
    "pharmacy": ("status", "expirationdate"),
}

# Tables whose rows tell of each other: the target of a decision is hidden in all of them.
SIBLINGS: tuple[frozenset[str], ...] = (
    frozenset({"inputevents", "ingredientevents"}),
    frozenset({"prescriptions", "pharmacy"}),
    frozenset({"emar", "emar_detail"}),
    frozenset({"poe", "poe_detail"}),
    frozenset({"radiology", "radiology_detail"}),
    frozenset({"diagnoses_icd", "drgcodes"}),
    frozenset({"procedures_icd", "hcpcsevents"}),
    frozenset({"transfers", "icustays", "services"}),
)
EMBARGO_BEFORE_MOMENT = timedelta(seconds=1)

DISCHARGE_PLANS = ("Discharge When", "Discharge Planning")


@dataclass(frozen=True)
class Known:
    """When a row became known, and each value that became known at another time."""

    row: datetime
    values: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """A life as one question meets it.

    Attributes:
        life: the source rows.
        pin: the question.
        own_admissions, own_stays: what belongs to the question, whose bills are never known.
    """

    life: Life
    pin: Pin
    own_admissions: frozenset[int]
    own_stays: frozenset[int]

    def billed(self, hadm_id: int | None) -> datetime:
        """BILL: never for the question's own admission."""
        return NEVER if hadm_id in self.own_admissions else self.life.billed(hadm_id)

    def betrayed(self, row: Row) -> dict[str, datetime]:
        """HX: a hadm_id is known once its admission has begun; without such an admission never."""
        admitted = self.life.admitted(row["hadm_id"])
        return {"hadm_id": NEVER if admitted is None else admitted}


def visible(rows: PatientRows, pin: Pin) -> dict[str, list[dict[str, Any]]]:
    """What a question may see.

    Args:
        rows: the patient's source rows.
        pin: whose question it is, and at which moment.

    Returns:
        Table -> its visible rows in file order, with the published columns that are served and `source_row`; values
        that are not known yet are None. Every table of `rows` is there.
    """
    life = Life(rows)
    seen = Seen(life, pin, frozenset(life.own_admissions(pin)), frozenset(life.own_stays(pin)))
    hidden_target = embargoed_tables(pin.subtask)
    return {
        table: [
            _as_seen(table, row, known, pin.prediction_time)
            for row in of_table
            if (known := RULES[table](row, seen)).row < pin.prediction_time
            and not (table in hidden_target and under_embargo(life.event_time(table, row), pin))
        ]
        for table, of_table in rows.items()
    }


def columns(rows: PatientRows) -> dict[str, tuple[str, ...]]:
    """Table -> the published columns that are served of it, whoever the patient is."""
    return {
        name: tuple(column for column in table.column_names if column not in NEVER_SERVED.get(name, ()))
        for name, table in PATIENT_TABLES.items()
    }


def embargoed_tables(subtask: str) -> frozenset[str]:
    """The tables that show a decision's target: its own and the siblings; all of them for `next_event`."""
    asked = SUBTASKS[subtask]
    if not asked.target:
        return frozenset()
    if not asked.trigger:
        return frozenset(RULES)
    return next((group for group in SIBLINGS if asked.trigger in group), frozenset({asked.trigger}))


def under_embargo(event: datetime | None, pin: Pin) -> bool:
    """Whether an event may be the target: it is not before the last second of the context."""
    return event is not None and event >= pin.prediction_time - EMBARGO_BEFORE_MOMENT


def _as_seen(table: str, row: Row, known: Known, moment: datetime) -> dict[str, Any]:
    unserved = NEVER_SERVED.get(table, ())
    if not unserved and not known.values:
        return dict(row)
    return {
        name: value if known.values.get(name, datetime.min) < moment else None
        for name, value in row.items()
        if name not in unserved
    }


def _admissions(row: Row, seen: Seen) -> Known:
    end = latest(row["dischtime"], row["deathtime"])
    settled_at_the_end = ("dischtime", "deathtime", "discharge_location", "hospital_expire_flag")
    return Known(
        latest(row["admittime"]), {**dict.fromkeys(settled_at_the_end, end), "edouttime": latest(row["edouttime"])}
    )


def _patients(row: Row, seen: Seen) -> Known:
    """Always known; an anchor year to come is not."""
    early = row["anchor_year"] is None or row["anchor_year"] <= seen.pin.prediction_time.year
    return Known(datetime.min, {} if early else {"anchor_year": NEVER})


def _coded(row: Row, seen: Seen) -> Known:
    """Codes are known when the stay is billed, whatever day stands beside them; without an admission never."""
    return Known(NEVER if seen.life.admitted(row["hadm_id"]) is None else seen.billed(row["hadm_id"]))


def _services(row: Row, seen: Seen) -> Known:
    return Known(latest(row["transfertime"], seen.life.admitted(row["hadm_id"])))


def _transfers(row: Row, seen: Seen) -> Known:
    """HX on rows of the emergency department; one of no kind may be such a row."""
    betrayed = seen.betrayed(row) if row["eventtype"] in ("ED", None) else {}
    return Known(latest(row["intime"]), {"outtime": latest(row["outtime"]), **betrayed})


def _labevents(row: Row, seen: Seen) -> Known:
    stored = row["storetime"] or after(row["charttime"], hours=24)
    return Known(latest(stored), seen.betrayed(row))


def _microbiologyevents(row: Row, seen: Seen) -> Known:
    stored = row["storetime"] or after(row["storedate"], days=1)
    return Known(latest(stored), seen.betrayed(row))


def _omr(row: Row, seen: Seen) -> Known:
    return Known(latest(after(latest(row["chartdate"]), days=1)))


def _poe(row: Row, seen: Seen) -> Known:
    other = seen.life.found("poe", "poe_id", row["discontinued_by_poe_id"])
    return Known(
        latest(row["ordertime"], seen.life.admitted(row["hadm_id"])),
        {"discontinued_by_poe_id": latest(*(order["ordertime"] for order in other))},
    )


def _with_parent(table: str) -> Callable[[Row, Seen], Known]:
    """A detail is known with its parent; one without a parent never."""
    parent, key = PARENTS[table]

    def rule(row: Row, seen: Seen) -> Known:
        parents = seen.life.found(parent, key, row[key])
        return Known(min((RULES[parent](of, seen).row for of in parents), default=NEVER))

    return rule


def _poe_detail(row: Row, seen: Seen) -> Known:
    """As other details; plans for the discharge are end states, known at the end of the order's admission."""
    known = _with_parent("poe_detail")(row, seen)
    if row["field_name"] not in DISCHARGE_PLANS:
        return known
    ends = [seen.life.end(of["hadm_id"]) for of in seen.life.found("poe", "poe_id", row["poe_id"])]
    return Known(known.row, {"field_value": latest(*ends)})


def _pharmacy(row: Row, seen: Seen) -> Known:
    known = latest(row["entertime"], row["starttime"], seen.life.admitted(row["hadm_id"]))
    stopped = NEVER if row["stoptime"] is None else latest(row["stoptime"], known)
    return Known(known, {"verifiedtime": latest(row["verifiedtime"]), "stoptime": stopped})


def _prescriptions(row: Row, seen: Seen) -> Known:
    """Known once the pharmacy has entered it, or, where it has no entry, once it was ordered."""
    entered = [of["entertime"] for of in seen.life.found("pharmacy", "pharmacy_id", row["pharmacy_id"])]
    ordered = [of["ordertime"] for of in seen.life.found("poe", "poe_id", row["poe_id"])]
    known = latest(row["starttime"], *(entered or ordered), seen.life.admitted(row["hadm_id"]))
    stopped = NEVER if row["stoptime"] is None else latest(row["stoptime"], known)
    return Known(known, {"stoptime": stopped})


def _emar(row: Row, seen: Seen) -> Known:
    return Known(latest(row["charttime"], row["storetime"]), seen.betrayed(row))


def _icustays(row: Row, seen: Seen) -> Known:
    return Known(latest(row["intime"]), dict.fromkeys(("outtime", "los", "last_careunit"), latest(row["outtime"])))


def _charted(row: Row, seen: Seen) -> Known:
    return Known(latest(row["charttime"], row["storetime"]))


def _inputevents(row: Row, seen: Seen) -> Known:
    settled = ("endtime", "amount", "statusdescription", "isopenbag", "continueinnextdept")
    return Known(latest(row["starttime"], row["storetime"]), _at_its_end(row, settled))


def _ingredientevents(row: Row, seen: Seen) -> Known:
    settled = ("endtime", "amount", "statusdescription")
    return Known(latest(row["starttime"], row["storetime"]), _at_its_end(row, settled))


def _procedureevents(row: Row, seen: Seen) -> Known:
    """Known when it starts: it is stored when it is over, and a running ventilator is no secret."""
    settled = ("endtime", "value", "storetime", "statusdescription", "isopenbag", "continueinnextdept")
    return Known(latest(row["starttime"]), _at_its_end(row, (*settled, "ORIGINALAMOUNT", "ORIGINALRATE")))


def _at_its_end(row: Row, columns: tuple[str, ...]) -> dict[str, datetime]:
    return dict.fromkeys(columns, latest(row["endtime"], row["storetime"]))


def _edstays(row: Row, seen: Seen) -> Known:
    left = latest(row["outtime"])
    return Known(latest(row["intime"]), {"outtime": left, "disposition": left, **seen.betrayed(row)})


def _triage(row: Row, seen: Seen) -> Known:
    return Known(latest(after(seen.life.stay(row["stay_id"]).get("intime"), seconds=1)))


def _at_charttime(row: Row, seen: Seen) -> Known:
    return Known(latest(row["charttime"]))


def _medrecon(row: Row, seen: Seen) -> Known:
    return Known(latest(row["charttime"] or seen.life.stay(row["stay_id"]).get("outtime")))


def _diagnosis(row: Row, seen: Seen) -> Known:
    """ED codes: three days after the stay; those of the question's own stay never."""
    if row["stay_id"] in seen.own_stays:
        return Known(NEVER)
    return Known(latest(after(seen.life.stay(row["stay_id"]).get("outtime"), hours=72)))


def _discharge(row: Row, seen: Seen) -> Known:
    """A note is dated midnight of the discharge day: not known before the next; unstored, with the bill."""
    if row["storetime"] is None:
        return Known(seen.billed(row["hadm_id"]), seen.betrayed(row))
    return Known(latest(row["storetime"], after(row["charttime"], days=1)), seen.betrayed(row))


def _radiology(row: Row, seen: Seen) -> Known:
    if row["storetime"] is None:
        return Known(latest(after(row["charttime"], hours=24)), seen.betrayed(row))
    return Known(latest(row["charttime"], row["storetime"]), seen.betrayed(row))


RULES: dict[str, Callable[[Row, Seen], Known]] = {
    "admissions": _admissions,
    "patients": _patients,
    **dict.fromkeys(("diagnoses_icd", "drgcodes", "procedures_icd", "hcpcsevents"), _coded),
    "services": _services,
    "transfers": _transfers,
    "labevents": _labevents,
    "microbiologyevents": _microbiologyevents,
    "omr": _omr,
    "poe": _poe,
    "poe_detail": _poe_detail,
    "pharmacy": _pharmacy,
    "prescriptions": _prescriptions,
    "emar": _emar,
    "emar_detail": _with_parent("emar_detail"),
    "icustays": _icustays,
    **dict.fromkeys(("chartevents", "datetimeevents", "outputevents"), _charted),
    "inputevents": _inputevents,
    "ingredientevents": _ingredientevents,
    "procedureevents": _procedureevents,
    "edstays": _edstays,
    "triage": _triage,
    **dict.fromkeys(("vitalsign", "pyxis"), _at_charttime),
    "medrecon": _medrecon,
    "diagnosis": _diagnosis,
    "discharge": _discharge,
    "discharge_detail": _with_parent("discharge_detail"),
    "radiology": _radiology,
    "radiology_detail": _with_parent("radiology_detail"),
}
