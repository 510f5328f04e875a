"""The `strict` policy of MedMod once more, naively: what a question may see of a patient's rows.

Written from the policy's document, table by table, in plain Python; the engine that serves records is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from clinseek_assets.audit.life import NEVER, Row, after, latest
from clinseek_assets.audit.multimodal.as_seen import Known, as_seen
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.timeline.rows import PatientRows

# Items of the ICU have these numbers or larger ones; those of the laboratory have smaller ones.
ICU_ITEMS_FROM = 220_000

Begun = Mapping[int | None, datetime]
"""hadm_id -> when its ICU stay began; an admission is in MedMod for that stay alone."""


def visible(rows: PatientRows, pin: Pin) -> dict[str, list[Row]]:
    """What a question may see.

    Args:
        rows: the patient's rows, every table of MedMod's patients among them.
        pin: whose question it is, and at which moment.

    Returns:
        Table -> its visible rows in file order, with `source_row`; values that are not known yet are None.
    """
    begun = {row["hadm_id"]: row["intime"] for row in rows["stays"]}
    return {
        table: as_seen([(row, RULES[table](row, begun)) for row in of_table], pin.prediction_time)
        for table, of_table in rows.items()
    }


def columns(rows: PatientRows) -> dict[str, tuple[str, ...]]:
    """Table -> the columns that are served of it: all that are read."""
    return {name: table.column_names for name, table in CATALOGUES["medmod"].patient_tables.items()}


def _events(row: Row, begun: Begun) -> Known:
    """What is charted is known then, a result a day after the specimen; and nothing before the ICU stay began."""
    known = row["charttime"] if row["itemid"] >= ICU_ITEMS_FROM else after(row["charttime"], hours=24)
    return Known(latest(known, begun.get(row["hadm_id"])), _betrayed(row, begun))


def _stays(row: Row, begun: Begun) -> Known:
    return Known(latest(row["intime"]), {"admittime": latest(row["admittime"])})


def _tb_cxr(row: Row, begun: Begun) -> Known:
    return Known(latest(row["studydatetime"]), _betrayed(row, begun))


def _betrayed(row: Row, begun: Begun) -> dict[str, datetime]:
    """Ids of an ICU stay are known once it has begun; of one that is not there never."""
    return dict.fromkeys(("hadm_id", "stay_id"), begun.get(row["hadm_id"], NEVER))


RULES: Mapping[str, Callable[[Row, Begun], Known]] = {"events": _events, "stays": _stays, "tb_cxr": _tb_cxr}
