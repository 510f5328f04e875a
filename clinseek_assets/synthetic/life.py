"""One patient's whole life as source rows: every family of tables writes its own."""

from __future__ import annotations

from typing import Any

from clinseek_assets.synthetic.coding import write_codes
from clinseek_assets.synthetic.emergency import write_emergency
from clinseek_assets.synthetic.encounters import write_encounter, write_patient
from clinseek_assets.synthetic.intensive_care import write_intensive_care
from clinseek_assets.synthetic.laboratory import write_laboratory
from clinseek_assets.synthetic.microbiology import write_microbiology
from clinseek_assets.synthetic.notes import write_notes
from clinseek_assets.synthetic.orders import write_orders
from clinseek_assets.synthetic.outpatient import write_outpatient
from clinseek_assets.synthetic.patients import draw_patient
from clinseek_assets.synthetic.record import PatientRecord

OF_A_VISIT = (
    write_encounter,
    write_emergency,
    write_laboratory,
    write_microbiology,
    write_orders,
    write_intensive_care,
    write_notes,
    write_codes,
    write_outpatient,
)


def patient_rows(number: int, seed: int) -> dict[str, list[tuple[Any, ...]]]:
    """Table -> rows of the patient of that number in the release of that seed, columns in published order."""
    record = PatientRecord(draw_patient(number, seed), seed)
    write_patient(record)
    for visit in record.patient.visits:
        for write in OF_A_VISIT:
            write(record, visit)
    return dict(record.rows)
