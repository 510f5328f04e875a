"""What curated input shows of each table: a display name and the columns, as data.

Names (one published misspelling included), columns and their order are those of EHR-Bench's generic renderer. Columns
that the table's own source file lacks are looked up or assembled by `timeline/`: item and code labels, code classes,
exam names, and the front part of the discharge note on an admission.
"""

from __future__ import annotations

from dataclasses import dataclass

from clinseek_assets.mimic.catalogue import TABLES

_ICD = "on International Classification of Diseases"
_VITALS = ("temperature", "heartrate", "resprate", "o2sat", "sbp", "dbp")


@dataclass(frozen=True)
class DisplayRule:
    """How an event of one table looks: the heading's name, and the columns below it (none: the heading only)."""

    name: str
    columns: tuple[str, ...]


DISPLAY: dict[str, DisplayRule] = {
    "patients": DisplayRule("Patient Demographics", ("anchor_age", "gender")),
    "admissions": DisplayRule("Admissions", ("admission_type", "admission_location", "admission_info")),
    "transfers": DisplayRule("Transfers", ("eventtype", "careunit")),
    "services": DisplayRule("Services", ("curr_service",)),
    "omr": DisplayRule("Online Medical Record", ("result_name", "result_value")),
    "poe": DisplayRule("Provider Order Entry", ("order_type", "order_subtype")),
    "pharmacy": DisplayRule("Pharmacy", ("medication", "proc_type", "status")),
    "prescriptions": DisplayRule("Prescriptions", ("drug", "ATC Type", "prod_strength", "dose_val_rx", "dose_unit_rx")),
    "emar": DisplayRule("Electronic Medicine Administration Record", ("medication", "event_txt")),
    "labevents": DisplayRule(
        "Labotary Test Events",
        ("item_name", "valuenum", "valueuom", "ref_range_lower", "ref_range_upper", "flag", "comments"),
    ),
    "microbiologyevents": DisplayRule(
        "Microbiology Test Events", ("test_name", "dilution_text", "interpretation", "comments", "ab_name")
    ),
    "diagnoses_icd": DisplayRule(f"Diagnoses {_ICD}", ("title", "CCS Type")),
    "procedures_icd": DisplayRule(f"Procedures {_ICD}", ("title", "CCS Type")),
    "radiology": DisplayRule("Radiology Examinations", ("note_type", "exam_name", "text")),
    "discharge": DisplayRule("Discharge", ("note_type", "text")),
    "edstays": DisplayRule("EDstays", ("gender", "race")),
    "triage": DisplayRule("Triage", (*_VITALS, "pain", "acuity", "chiefcomplaint")),
    "vitalsign": DisplayRule("Vitalsign", (*_VITALS, "rhythm", "pain")),
    "medrecon": DisplayRule("Medrecon", ("name", "ATC Type")),
    "pyxis": DisplayRule("Pyxis", ("name",)),
    "diagnosis": DisplayRule(f"ED Diagnoses {_ICD}", ("icd_title", "CCS Type")),
    "icustays": DisplayRule("ICUstays", ()),
    "chartevents": DisplayRule("Chart Events", ("item_name", "valuenum", "valueuom", "warning")),
    "inputevents": DisplayRule("Input Events", ("item_name", "amount", "amountuom", "rate", "rateuom")),
    "ingredientevents": DisplayRule("Ingredient Events", ("item_name", "amount", "amountuom", "rate", "rateuom")),
    "outputevents": DisplayRule("Output Events", ("item_name", "value", "valueuom")),
    "procedureevents": DisplayRule(
        "Procedure Events", ("item_name", "value", "valueuom", "location", "locationcategory")
    ),
    "datetimeevents": DisplayRule("Datetime Events", ("item_name",)),
}


def from_the_source(table: str, column: str) -> bool:
    """Whether a displayed column is one of the table's own, rather than looked up or assembled by the timeline."""
    return column in TABLES[table].column_names
