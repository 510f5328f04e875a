"""The closed vocabularies of the multimodal split, fixed here and not gathered from a results file.

Sources: the 25 HCUP CCS groups of Harutyunyan et al.'s benchmark, which MedMod uses for phenotyping; the 14 labels of
CheXpert, which MIMIC-CXR-JPG ships and MedMod's radiology task asks for.
"""

from __future__ import annotations

PHENOTYPES = (
    "Septicemia (except in labor)",
    "Diabetes mellitus without complication",
    "Diabetes mellitus with complications",
    "Disorders of lipid metabolism",
    "Fluid and electrolyte disorders",
    "Essential hypertension",
    "Hypertension with complications and secondary hypertension",
    "Acute myocardial infarction",
    "Coronary atherosclerosis and other heart disease",
    "Conduction disorders",
    "Cardiac dysrhythmias",
    "Congestive heart failure; nonhypertensive",
    "Acute cerebrovascular disease",
    "Pneumonia (except that caused by tuberculosis or sexually transmitted disease)",
    "Chronic obstructive pulmonary disease and bronchiectasis",
    "Pleurisy; pneumothorax; pulmonary collapse",
    "Respiratory failure; insufficiency; arrest (adult)",
    "Other lower respiratory disease",
    "Other upper respiratory disease",
    "Other liver diseases",
    "Gastrointestinal hemorrhage",
    "Acute and unspecified renal failure",
    "Chronic kidney disease",
    "Complications of surgical procedures or medical care",
    "Shock",
)

CHEXPERT_LABELS = (
    "Atelectasis",
    "Cardiomegaly",
    "Consolidation",
    "Edema",
    "Enlarged Cardiomediastinum",
    "Fracture",
    "Lung Lesion",
    "Lung Opacity",
    "No Finding",
    "Pleural Effusion",
    "Pleural Other",
    "Pneumonia",
    "Pneumothorax",
    "Support Devices",
)

VOCABULARIES: dict[str, tuple[str, ...]] = {"phenotypes": PHENOTYPES, "chexpert": CHEXPERT_LABELS}
"""Name of a vocabulary, as `groups.Task.vocabulary` has it -> its names."""
