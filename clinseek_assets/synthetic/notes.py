"""Notes: radiology reports that name what is found, discharge summaries with and without the usual headings."""

from __future__ import annotations

from datetime import datetime

from clinseek_assets.synthetic.canaries import canary_of
from clinseek_assets.synthetic.coding import admission_concepts
from clinseek_assets.synthetic.patients import Admission, Visit
from clinseek_assets.synthetic.randomness import at_hour, whole_minute
from clinseek_assets.synthetic.record import PatientRecord
from clinseek_assets.synthetic.vocabulary import vocabulary

# How the heading of the examination is written: as published software expects it, in capitals, or not at all.
HEADINGS = {"Physical Exam:": 68, "PHYSICAL EXAM:": 22, "": 10}


def write_notes(record: PatientRecord, visit: Visit) -> None:
    """All notes of a visit."""
    for time, exam in _exams(record, visit):
        _write_report(record, visit, time, exam)
    if visit.admission:
        _write_summary(record, visit, visit.admission)


def _exams(record: PatientRecord, visit: Visit) -> list[tuple[datetime, str]]:
    dice, exams = record.dice, visit.condition.exams
    planned: list[tuple[datetime, str]] = []
    if visit.emergency and dice.chance(0.85):
        span = visit.emergency.outtime - visit.emergency.intime
        planned.append((visit.emergency.intime + span * dice.uniform(0.25, 0.6), exams[0]))
        if len(exams) > 1 and dice.chance(0.4):
            planned.append((visit.emergency.intime + span * dice.uniform(0.6, 0.95), exams[1]))
    if visit.admission:
        time = visit.admission.admittime + dice.minutes(180, 900)
        while time < visit.admission.end:
            planned.append((time, "CHEST (PORTABLE AP)" if visit.grave and dice.chance(0.3) else dice.choice(exams)))
            time += dice.minutes(10 * 60, 40 * 60)
    return [(whole_minute(time), exam) for time, exam in planned]


def _write_report(record: PatientRecord, visit: Visit, time: datetime, exam: str) -> None:
    dice, subject_id = record.dice, record.patient.subject_id
    sequence = record.count("radiology")
    note_id = f"{subject_id}-RR-{sequence}"
    admittime = visit.admission.admittime if visit.admission else None
    entry = vocabulary().exams[exam]
    complaint = visit.emergency.complaint.lower() if visit.emergency else visit.condition.name.replace("_", " ")
    sections = (
        f"EXAMINATION:  {exam}",
        f'INDICATION:  {record.patient.age} year old {_sex(record)} with {complaint}  // "eval"',
        "TECHNIQUE:  Standard.",
        f"COMPARISON:  {'None.' if sequence == 1 else 'Prior study.'}",
        f"FINDINGS:\n\n{_finding(visit)}",
        f"IMPRESSION:\n\n{visit.condition.finding}",
        f"{canary_of(note_id, record.seed)}\n",
    )
    text = "\n\n".join(sections)
    storetime = None if dice.chance(0.005) else whole_minute(time + dice.lag(150, 0.9))
    hadm_id = record.known_hadm_id(visit.hadm_id, time, admittime)
    record.add("radiology", note_id, subject_id, hadm_id, "RR", sequence, time, storetime, text)
    record.add("radiology_detail", note_id, subject_id, "exam_code", entry["code"], 1)
    record.add("radiology_detail", note_id, subject_id, "exam_name", exam, 1)
    record.add("radiology_detail", note_id, subject_id, "cpt_code", f"7{int(entry['code'][1:]) * 111:04d}", 1)


def _finding(visit: Visit) -> str:
    if visit.grave:
        return "Endotracheal tube and central line in place. Findings have worsened since the prior study."
    return "Heart size and mediastinal contours are unremarkable. No other abnormality."


def _write_summary(record: PatientRecord, visit: Visit, admission: Admission) -> None:
    dice, subject_id = record.dice, record.patient.subject_id
    if dice.chance(0.03):
        return
    sequence = record.count("discharge")
    note_id = f"{subject_id}-DS-{sequence}"
    stored = None if dice.chance(0.01) else whole_minute(admission.dischtime + dice.minutes(60, 5 * 1440))
    text = _summary(record, visit, admission, canary_of(note_id, record.seed))
    # The note is dated midnight of the day of discharge.
    charted = at_hour(admission.dischtime, 0)
    record.add("discharge", note_id, subject_id, admission.hadm_id, "DS", sequence, charted, stored, text)
    record.add("discharge_detail", note_id, subject_id, "author", record.provider(), 1)


def _summary(record: PatientRecord, visit: Visit, admission: Admission, canary: str) -> str:
    one, dice = record.patient, record.dice
    titles = [vocabulary().diagnoses[name].versions[visit.icd_version][1] for name in admission_concepts(record, visit)]
    lasting = [vocabulary().diagnoses[entry.codes[0]].versions[visit.icd_version][1] for entry in one.comorbidities]
    complaint = visit.emergency.complaint if visit.emergency else visit.condition.name.replace("_", " ")
    heading = dice.weighted(HEADINGS)
    parts = [
        f"Name:  ___                     Unit No:   ___\n\nAdmission Date:  ___              Discharge Date:   ___\n\n"
        f"Date of Birth:  ___             Sex:   {one.gender}\n\nService: {visit.condition.service}",
        f"Chief Complaint:\n{complaint}",
        f"History of Present Illness:\n{_history(record, visit, complaint)}",
        "Past Medical History:\n" + "\n".join(f"- {title}" for title in lasting),
        "Social History:\n___",
        *([f"{heading}\n{_examination(visit)}"] if heading else []),
        f"Brief Hospital Course:\n{_course(visit, admission)}",
        "Medications on Admission:\n"
        + "\n".join(f"{place}. {drug.name} {drug.dose:g} {drug.unit}" for place, drug in enumerate(one.home_drugs, 1)),
        f"Discharge Disposition:\n{admission.discharge_location.title() or 'Home'}",
        "Discharge Diagnosis:\n" + "\n".join(titles[:6]),
        f'Discharge Instructions:\nDear ___,\nYou were admitted with "{complaint}". {_plan(record, visit)}\n{canary}\n',
    ]
    return "\n \n".join(parts)


def _sex(record: PatientRecord) -> str:
    return "woman" if record.patient.gender == "F" else "man"


def _history(record: PatientRecord, visit: Visit, complaint: str) -> str:
    one = record.patient
    before = f"with {visit.earlier_visits} prior visits" if visit.earlier_visits else "with no prior visits"
    state = (
        "critically ill on arrival, hypotensive and hypoxic"
        if visit.severity > 0.75
        else "ill appearing"
        if visit.severity > 0.5
        else "comfortable and stable"
    )
    frail = " Lives with help at home, multiple recent admissions." if one.frailty > 0.6 else " Independent at home."
    return (
        f"This is a {one.age} year old {_sex(record)} {before} who presents with {complaint.lower()}, {state}.{frail}"
    )


def _examination(visit: Visit) -> str:
    if visit.severity > 0.6:
        return "General: lethargic, in distress\nLungs: coarse throughout\nExtremities: cool, 2+ edema"
    return "General: alert, no acute distress\nLungs: clear\nExtremities: warm"


def _course(visit: Visit, admission: Admission) -> str:
    care = f"treated in the {admission.icu_places[0].careunit}" if admission.icu_places else "treated on the ward"
    end = "The patient died in the hospital." if admission.deathtime else "The patient improved and was discharged."
    drugs = ", ".join(drug.name for drug in visit.drugs[:3])
    return f"{visit.condition.finding} The patient was {care} with {drugs}. {end}"


def _plan(record: PatientRecord, visit: Visit) -> str:
    if record.patient.frailty > 0.6:
        return "You are at high risk of coming back to the hospital; please call at once if you feel worse."
    return "Please follow up with your doctor in a few weeks."
