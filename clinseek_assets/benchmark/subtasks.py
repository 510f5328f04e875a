"""The 45 subtasks of the text split: 18 risk predictions and 27 decisions, as the released manifest names them.

Names (one misspelling included), trigger tables and target columns are those of EHR-Bench's configuration; the
categories are ClinSeek's third analysis layer. The instruction sentences are our own: a released row brings its own.
"""

from __future__ import annotations

from dataclasses import dataclass

RISK = "risk_prediction"
DECISION = "decision_making"
YES_NO = ("yes", "no")


@dataclass(frozen=True)
class Subtask:
    """One subtask.

    Attributes:
        name: the manifest's `task`.
        task_type: `risk_prediction` (yes or no) or `decision_making` (a set of names; one name for `next_event`).
        category: ClinSeek's L3 group.
        trigger: the table whose events the questions hang on; "" means any table with a time (`next_event`).
        target: the target column as EHR-Bench names it; "" for risk subtasks.
        instruction: what is asked, one sentence.
        context_without: tables left out of the rendered context besides `admissions` events.
    """

    name: str
    task_type: str
    category: str
    trigger: str
    target: str
    instruction: str
    context_without: tuple[str, ...] = ()

    @property
    def answer_is_list(self) -> bool:
        """Whether the gold is a list (every decision but `next_event`); the answer-format sentence shows it."""
        return self.task_type == DECISION and self.name != "next_event"


def risk(name: str, category: str, trigger: str, instruction: str) -> Subtask:
    """An entry of the catalogue that asks for yes or no."""
    return Subtask(name, RISK, category, trigger, "", instruction)


def decision(
    name: str, category: str, trigger: str, target: str, asked: str, context_without: tuple[str, ...] = ()
) -> Subtask:
    """An entry of the catalogue that asks what comes next."""
    instruction = f"Given the patient's record up to now, predict {asked}."
    return Subtask(name, DECISION, category, trigger, target, instruction, context_without)


_RISKS = (
    risk(
        "ED_Hospitalization",
        "ED_Hospitalization",
        "edstays",
        "Will this emergency department stay end in a hospital admission?",
    ),
    risk(
        "ED_Inpatient_Mortality",
        "Mortality_Hospital",
        "edstays",
        "Will the patient die in the hospital stay that follows this emergency department stay?",
    ),
    risk(
        "ED_ICU_Tranfer_12hour",
        "ED_ICU_Transfer",
        "edstays",
        "Will the patient be moved to an intensive care unit within 12 hours of leaving the emergency department?",
    ),
    risk(
        "ED_Reattendance_3day",
        "ED_Reattendance",
        "edstays",
        "Will the patient return to the emergency department within 3 days of leaving it?",
    ),
    risk(
        "ED_Critical_Outcomes",
        "ED_Critical_Outcomes",
        "edstays",
        "After this emergency department stay, will the patient die in hospital or need intensive care in 12 hours?",
    ),
    risk(
        "Readmission_30day",
        "Readmission_Hospital",
        "discharge",
        "Will the patient be admitted to the hospital again within 30 days of this discharge?",
    ),
    risk(
        "Readmission_60day",
        "Readmission_Hospital",
        "discharge",
        "Will the patient be admitted to the hospital again within 60 days of this discharge?",
    ),
    risk(
        "Inpatient_Mortality",
        "Mortality_Hospital",
        "admissions",
        "Will the patient die during this hospital admission?",
    ),
    risk("LengthOfStay_3day", "LengthOfStay", "admissions", "Will this hospital admission last longer than 3 days?"),
    risk("LengthOfStay_7day", "LengthOfStay", "admissions", "Will this hospital admission last longer than 7 days?"),
    *(
        risk(
            f"ICU_Mortality_{days}day",
            "ICU_Mortality",
            "icustays",
            f"Will the patient of this intensive care stay die within {days} day{'s' if days > 1 else ''} from now?",
        )
        for days in (1, 2, 3, 7, 14)
    ),
    *(
        risk(
            f"ICU_Stay_{days}day",
            "ICU_StayLength",
            "icustays",
            f"Will this intensive care stay last {days} days or longer?",
        )
        for days in (7, 14)
    ),
    risk(
        "ICU_Readmission",
        "ICU_Readmission",
        "icustays",
        "Will the patient return to intensive care later in the same hospital admission?",
    ),
)

_DECISIONS = (
    decision(
        "admissions",
        "Transfers_Services_Admissions",
        "admissions",
        "admission_type",
        "the type of admission that comes next",
    ),
    decision(
        "transfers",
        "Transfers_Services_Admissions",
        "transfers",
        "careunit",
        "the care unit that the patient is moved to next",
    ),
    decision(
        "services",
        "Transfers_Services_Admissions",
        "services",
        "curr_service",
        "the hospital service that takes over the patient next",
    ),
    decision(
        "omr",
        "Outpatient_Records",
        "omr",
        "result_name",
        "which measurements are recorded next in the outpatient record",
    ),
    decision("labevents", "Lab_Microbiology_orders", "labevents", "item_name", "which laboratory tests come next"),
    decision(
        "microbiologyevents",
        "Lab_Microbiology_orders",
        "microbiologyevents",
        "test_name",
        "which microbiology tests come next",
    ),
    decision("radiology", "Radiology_Orders", "radiology", "exam_name", "which radiology exams come next"),
    decision("poe", "Provider_Orders", "poe", "order_type", "which types of provider orders come next"),
    decision("emar", "Medication_suggestion", "emar", "medication", "which medicines are administered next"),
    decision("prescriptions", "Medication_suggestion", "prescriptions", "drug", "which medicines are prescribed next"),
    decision(
        "prescriptions_atc",
        "Medication_suggestion",
        "prescriptions",
        "ATC Type",
        "which classes of medicines (ATC) are prescribed next",
    ),
    decision(
        "procedures_icd", "Procedure_coding", "procedures_icd", "procedures", "which procedures (ICD titles) come next"
    ),
    decision(
        "procedures_ccs",
        "Procedure_coding",
        "procedures_icd",
        "CCS Type",
        "which classes of procedures (CCS) come next",
    ),
    decision(
        "diagnoses_icd",
        "Diagnosis_coding",
        "diagnoses_icd",
        "diagnoses",
        "which diagnoses (ICD titles) this hospital stay is billed under",
        ("discharge",),
    ),
    decision(
        "diagnoses_ccs",
        "Diagnosis_coding",
        "diagnoses_icd",
        "CCS Type",
        "which classes of diagnoses (CCS) this hospital stay is billed under",
        ("discharge",),
    ),
    decision(
        "diagnosis",
        "Diagnosis_coding",
        "diagnosis",
        "icd_title",
        "which diagnoses (ICD titles) this emergency department stay ends with",
    ),
    decision(
        "diagnosis_ccs",
        "Diagnosis_coding",
        "diagnosis",
        "CCS Type",
        "which classes of diagnoses (CCS) this emergency department stay ends with",
    ),
    decision(
        "medrecon",
        "Medication_suggestion",
        "medrecon",
        "name",
        "which home medicines are recorded in the emergency department",
    ),
    decision(
        "medrecon_atc",
        "Medication_suggestion",
        "medrecon",
        "ATC Type",
        "which classes (ATC) of home medicines are recorded in the emergency department",
    ),
    decision(
        "pyxis",
        "Medication_suggestion",
        "pyxis",
        "name",
        "which medicines are dispensed next in the emergency department",
    ),
    decision(
        "chartevents", "ICU_Events", "chartevents", "item_name", "which items are charted next at the ICU bedside"
    ),
    decision(
        "ingredientevents", "ICU_Events", "ingredientevents", "item_name", "which ingredients are given next in the ICU"
    ),
    decision(
        "datetimeevents", "ICU_Events", "datetimeevents", "item_name", "which dated items are charted next in the ICU"
    ),
    decision(
        "procedureevents", "Procedure_coding", "procedureevents", "item_name", "which procedures start next in the ICU"
    ),
    decision(
        "inputevents", "ICU_Events", "inputevents", "item_name", "which fluids or medicines are given next in the ICU"
    ),
    decision("outputevents", "ICU_Events", "outputevents", "item_name", "which outputs are measured next in the ICU"),
    decision("next_event", "Next_Event", "", "file_name", "the kind of the next event, by the name of its table"),
)

SUBTASKS: dict[str, Subtask] = {subtask.name: subtask for subtask in (*_RISKS, *_DECISIONS)}
RISK_SUBTASKS: tuple[str, ...] = tuple(name for name, subtask in SUBTASKS.items() if subtask.task_type == RISK)
DECISION_SUBTASKS: tuple[str, ...] = tuple(name for name, subtask in SUBTASKS.items() if subtask.task_type == DECISION)
