"""Radiology reports in the style of MIMIC-CXR: headings in capitals, findings and impression, a canary in each."""

from __future__ import annotations

from clinseek_assets.synthetic.canaries import canary_of
from clinseek_assets.synthetic.multimodal.findings import DEVICES, SUPPORT_DEVICES, Finding, findings
from clinseek_assets.synthetic.multimodal.studies import Sight, Study
from clinseek_assets.synthetic.patients import Patient
from clinseek_assets.synthetic.randomness import Dice

SIDES = {"both": "bilateral", "middle": "", "left": "left", "right": "right"}


def report_of(patient: Patient, study: Study, before: Study | None, seed: int) -> str:
    """The report of a study.

    Args:
        before: the patient's study before it, which the report compares with.
        seed: of the release; the canary is of the note `s<study_id>`.
    """
    dice = Dice(f"{seed}/report/{study.study_id}")
    sex = "woman" if patient.gender == "F" else "man"
    parts = (
        f"EXAMINATION:  CHEST ({'PORTABLE AP' if study.view == 'AP' else 'PA AND LAT'})",
        f"INDICATION:  ___ year old {sex} with {_complaint(study)}  // evaluate for acute process",
        f"TECHNIQUE:  {'Portable AP view' if study.view == 'AP' else 'Frontal and lateral views'} of the chest.",
        f"COMPARISON:  {'___' if before else 'None.'}",
        f"FINDINGS: \n \n {' '.join(_found(study, before, dice))}",
        f"IMPRESSION: \n \n {_impression(study)}",
        canary_of(f"s{study.study_id}", seed),
    )
    return "                                 FINAL REPORT\n" + "\n \n".join(f" {part}" for part in parts) + "\n"


def _complaint(study: Study) -> str:
    visit = study.visit
    return visit.emergency.complaint.lower() if visit.emergency else visit.condition.name.replace("_", " ")


def _found(study: Study, before: Study | None, dice: Dice) -> list[str]:
    sentences: list[str] = []
    for sight in study.sights:
        finding = findings()[sight.label]
        sentence = dice.choice(finding.said) if sight.sure else finding.unsure
        sentences.append(_filled(sentence, sight))
        if sight.sure and before and sight.label not in before.unsure:
            sentences.append("This is unchanged." if sight.label in before.present else "This is new.")
    sentences += [findings()[label].denial for label in study.denied]
    sentences += [f"Previously seen {one.attribute} has resolved." for one in _resolved(study, before)]
    return sentences or ["The lungs are well expanded. No acute abnormality."]


def _resolved(study: Study, before: Study | None) -> list[Finding]:
    gone = set(before.present) - {sight.label for sight in study.sights} if before else set()
    return [finding for label, finding in findings().items() if label in gone]


def _impression(study: Study) -> str:
    said = [_filled(findings()[label].conclusion, sight) for label, sight in study.present.items()]
    if not [label for label in study.present if label != SUPPORT_DEVICES]:
        said.append("No definite acute cardiopulmonary process" if study.unsure else "No acute cardiopulmonary process")
    return " \n ".join(f"{place}. {sentence}." for place, sentence in enumerate(said, start=1))


def _filled(sentence: str, sight: Sight) -> str:
    devices = " and ".join(name for name in DEVICES if name in sight.devices)
    side = SIDES[sight.side]
    words = {"side": side, "Side": side.capitalize(), "devices": devices, "Devices": devices.capitalize()}
    return sentence.format(**words)
