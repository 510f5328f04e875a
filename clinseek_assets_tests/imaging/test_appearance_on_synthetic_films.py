"""The reading of films held against what synthetic films show, of which it knows nothing."""

from __future__ import annotations

import pytest
from sklearn.metrics import roc_auc_score

from clinseek_assets.benchmark.vocabularies import CHEXPERT_LABELS
from clinseek_assets.imaging.appearance import findings_seen
from clinseek_assets.synthetic.multimodal.chest import chest_of
from clinseek_assets.synthetic.multimodal.drawing import draw
from clinseek_assets.synthetic.multimodal.studies import studies_of
from clinseek_assets.synthetic.patients import draw_patient

PATIENTS, STUDIES_A_PATIENT, SIZE, SEED = 250, 3, (320, 384), 11
LEAST = 0.7


@pytest.mark.slow
def test_drawn_findings_are_told_from_others() -> None:
    shown, seen = [], []
    for number in range(PATIENTS):
        patient = draw_patient(number, SEED)
        for study in studies_of(patient, SEED)[:STUDIES_A_PATIENT]:
            shown.append(study.chexpert)
            seen.append(findings_seen(draw(chest_of(patient, SEED), study, SIZE, SEED)))
    told_apart = {}
    for label in CHEXPERT_LABELS:
        sure = [place for place, labels in enumerate(shown) if labels[label] != -1.0]
        present = [shown[place][label] == 1.0 for place in sure]
        told_apart[label] = roc_auc_score(present, [seen[place][label] for place in sure])
    assert min(told_apart.values()) >= LEAST, told_apart
