"""What each risk question weighs: which groups of points, and from which sum on the answer is «yes».

The weights say what a question is about: dying depends on how sick the patient is, what is being done and age; leaving
late on the same without age; coming back on earlier stays, chronic illness and home medicines; being admitted from the
emergency department on triage and on how much had to be done. EHR-Bench balances its risk questions half to half, so a
threshold lies where about half of the questions of its kind stand above it (measured on the synthetic release and on
the open demo); no label takes part in it.
"""

from __future__ import annotations

from clinseek_assets.models.baselines.risks import Rule

DYING = {"signs": 1.0, "treatments": 1.0, "end_of_life": 2.0, "illnesses": 1.0, "age": 1.0, "emergency": 0.5}
STAYING = {"signs": 1.0, "treatments": 1.0, "illnesses": 1.0, "abnormal": 1.0, "emergency": 1.0, "events": 1.0}
RETURNING = {"illnesses": 1.0, "earlier_stay": 1.0, "medicines": 1.5}
ADMITTED = {"acuity": 1.0, "signs": 1.0, "illnesses": 1.0, "age": 1.0, "abnormal": 1.0, "events": 1.0, "medicines": 0.5}
CRITICAL = {"acuity": 1.0, "signs": 1.5, "treatments": 1.5, "illnesses": 1.0, "abnormal": 0.5, "age": 0.5}

RULES: dict[str, Rule] = {
    "ED_Hospitalization": Rule(ADMITTED, 8),
    "ED_Inpatient_Mortality": Rule({**DYING, "acuity": 1.0}, 15),
    "ED_ICU_Tranfer_12hour": Rule(CRITICAL, 12),
    "ED_Reattendance_3day": Rule(RETURNING, 4),
    "ED_Critical_Outcomes": Rule(CRITICAL, 13),
    "Readmission_30day": Rule(RETURNING, 5),
    "Readmission_60day": Rule(RETURNING, 5),
    "Inpatient_Mortality": Rule(DYING, 11),
    "LengthOfStay_3day": Rule(STAYING, 7),
    "LengthOfStay_7day": Rule(STAYING, 9),
    **{f"ICU_Mortality_{days}day": Rule(DYING, 20) for days in (1, 2, 3, 7, 14)},
    **{f"ICU_Stay_{days}day": Rule(STAYING, 23) for days in (7, 14)},
    "ICU_Readmission": Rule({**STAYING, "age": 1.0}, 26),
}
