"""The rules by which questions are drawn, as data; where they part from the published ones, and why."""

from __future__ import annotations

from dataclasses import dataclass

from clinseek_assets.benchmark.subtasks import DECISION_SUBTASKS, SUBTASKS, Subtask
from clinseek_assets.timeline.dictionaries import Dictionaries

# «More than 10 and fewer than 100 events».
FEWEST_EVENTS = 11
MOST_EVENTS = 99

# Coded subtasks whose admission event has to lie inside the 24 hours, or to be absent.
ADMISSION_IN_CONTEXT = frozenset({"procedures_icd", "procedures_ccs", "diagnoses_icd", "diagnoses_ccs"})

# «Fewer than 10 distinct labels».
MOST_ANSWERS = {"chartevents": 9}

# Drawn with weights: the rarer a question's names, the likelier it is drawn.
RARE_FIRST = frozenset({"chartevents", "emar", "next_event"})

MOST_CANDIDATES = 100
MOST_PER_PATIENT = 3
SMALL_CLASS = 5

# EHR-R1's metric tags; ClinSeek scores all subtasks alike and only carries the tag along.
RECALL = frozenset(
    {
        "prescriptions",
        "prescriptions_atc",
        "procedures_icd",
        "procedures_ccs",
        "diagnoses_icd",
        "diagnoses_ccs",
        "diagnosis",
        "diagnosis_ccs",
        "medrecon",
        "medrecon_atc",
    }
)


def metric(subtask: Subtask) -> str:
    """The tag that EHR-Bench's `task_info` has for a subtask."""
    if subtask.name not in DECISION_SUBTASKS:
        return "aucroc"
    if subtask.name == "next_event":
        return "acc"
    return "recall" if subtask.name in RECALL else "em"


# Tables without which a subtask's rule cannot be told, besides its trigger.
_MORE_TABLES = {
    "ED_Hospitalization": ("admissions",),
    "ED_Inpatient_Mortality": ("admissions", "patients"),
    "ED_ICU_Tranfer_12hour": ("icustays",),
    "ED_Critical_Outcomes": ("admissions", "icustays", "patients"),
    "Readmission_30day": ("admissions",),
    "Readmission_60day": ("admissions",),
    "ICU_Readmission": ("admissions",),
    "radiology": ("radiology_detail",),
    "diagnosis": ("edstays",),
    "diagnosis_ccs": ("edstays",),
    "medrecon": ("edstays",),
    "medrecon_atc": ("edstays",),
    "pyxis": ("edstays",),
}


def tables_needed(subtask: Subtask) -> tuple[str, ...]:
    """The source tables without which a subtask has no questions."""
    trigger = (subtask.trigger,) if subtask.trigger else ()
    return (*trigger, *_MORE_TABLES.get(subtask.name, ()))


_ICU_ITEMS = ("chartevents", "datetimeevents", "ingredientevents", "inputevents", "outputevents", "procedureevents")

# Subtasks whose answers are names of codes -> the dictionary that names them (an attribute of `Dictionaries`), and what
# to say where it names none.
_NAMED_BY = {
    "labevents": ("lab_items", "There is no dictionary d_labitems (module hosp)."),
    **dict.fromkeys(_ICU_ITEMS, ("icu_items", "There is no dictionary d_items (module icu).")),
    "procedures_icd": ("procedures", "There is no dictionary d_icd_procedures (module hosp)."),
    "procedures_ccs": ("ccs_procedures", "There is no dictionary d_icd_procedures (module hosp) with CCS classes."),
    "diagnoses_icd": ("diagnoses", "There is no dictionary d_icd_diagnoses (module hosp)."),
    "diagnoses_ccs": ("ccs_diagnoses", "There is no dictionary d_icd_diagnoses (module hosp) with CCS classes."),
    "diagnosis_ccs": ("ccs_diagnoses", "There is no dictionary d_icd_diagnoses (module hosp) with CCS classes."),
    **dict.fromkeys(
        ("prescriptions_atc", "medrecon_atc"), ("atc", "There is no mapping of medicines (NDC) to ATC classes.")
    ),
}


def names_lacking(subtask: Subtask, dictionaries: Dictionaries) -> str | None:
    """Why no answer of a subtask could be named, one sentence; None where its names are there, or are no codes."""
    if subtask.name not in _NAMED_BY:
        return None
    dictionary, reason = _NAMED_BY[subtask.name]
    return None if getattr(dictionaries, dictionary) else reason


@dataclass(frozen=True)
class Deviation:
    """A rule that is not the published one."""

    name: str
    published: str
    ours: str
    reason: str


TIES = Deviation(
    "ties",
    "A decision's context holds every event that stands before the target in order, such as start in its second too.",
    "The context ends at the last event that starts before the target; coded diagnoses, which have no time, are taken "
    "to start with the event before them.",
    "The question's moment is one second after the context's last event: a target of that second would lie before it.",
)

DECIDED = Deviation(
    "decided",
    "Questions whose answer was settled before their moment are kept.",
    "They are left out; `--keep-decided` keeps and marks them.",
    "They ask for something that an honest record at that moment already tells.",
)

ALWAYS = (
    Deviation(
        "order of events",
        "A stable sort by time over rows pooled file by file.",
        "By time, then module (ed, hosp, icu, note), then table, then record number in the file.",
        "The published order of rows of the same second depends on how the files were pooled.",
    ),
    Deviation(
        "rows without a time",
        "Coded diagnoses and DRG codes stand behind their admission's last row; other rows without a time land near "
        "the front or the end, some twice. hcpcsevents counts as untimed when sorted and as timed when grouped.",
        "Diagnoses and DRG codes as published; hcpcsevents at midnight of chartdate; cultures without charttime at "
        "their chartdate; what has no time at all is left out.",
        "A row whose moment nobody knows cannot be put before or after a question.",
    ),
    Deviation(
        "admission of ED rows",
        "Only edstays has a hadm_id.",
        "All ED rows take the hadm_id of their ED stay.",
        "Otherwise the same-admission rule never finds an ED stay's own triage and vital signs.",
    ),
    Deviation(
        "later rows of one event",
        "A later stay or admission is a later event.",
        "A later row, also where two rows stand together in one event.",
        "Two stays with nothing recorded between them are two stays all the same.",
    ),
    Deviation(
        "readmission",
        "The next admissions event after the discharge note.",
        "The next one of another admission.",
        "A note is dated midnight, so that a stay of one day begins after the note that ends it.",
    ),
    Deviation(
        "end of risk windows",
        "Untimed rows may end the window.",
        "The last event with a time of its own ends it.",
        "Coded diagnoses are known after the stay; they are not what a prediction starts from.",
    ),
    Deviation(
        "candidates",
        "Up to 100 names: all names with a neighbour list, gold not forced in; above that at most 100 drawn from the "
        "neighbours of the gold, plus the gold. The lists depend on the order in which questions are processed.",
        "Up to 100 names: all. Above that 100 in all: the gold and names of its category that are about as frequent, "
        "drawn anew for each question from the seed and its qid.",
        "The neighbour lists are not public; a list must hold the answer, and not depend on other questions.",
    ),
    Deviation(
        "vocabulary",
        "The keys of the published neighbour lists.",
        "The names in the target column of the patients that were considered.",
        "The neighbour lists are not public; a name that no patient has is no credible wrong answer.",
    ),
    Deviation(
        "questions of one patient",
        "No limit.",
        f"At most {MOST_PER_PATIENT} for each subtask.",
        "Otherwise a few patients with long stays make up a subtask.",
    ),
    Deviation(
        "patients",
        "Patients of EHR-R1's test set.",
        "All patients of the source tables, or a seeded draw of them.",
        "The split of EHR-R1 names its patients only to those who have it.",
    ),
    Deviation(
        "draw",
        "500 for each subtask, of which 40 are drawn.",
        "As many as are asked for, at once.",
        "A draw from a draw is a draw.",
    ),
    Deviation(
        "instructions",
        "EHR-Bench's sentences.",
        "Our own, one for each subtask.",
        "They are not ours to pass on.",
    ),
)


def deviations(*, ties: str, keep_decided: bool) -> list[Deviation]:
    """All rules in force that are not the published ones."""
    return [*([TIES] if ties == "strict" else []), *([] if keep_decided else [DECIDED]), *ALWAYS]


assert {*_MORE_TABLES, *_NAMED_BY} <= set(SUBTASKS)
