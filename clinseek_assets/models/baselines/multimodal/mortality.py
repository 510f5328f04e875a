"""What the two mortality groups weigh, and from which sum on the answer is «yes».

The points are those of the text split's risks (NEWS2's and SOFA's bands, treatments, age). Unlike there, questions are
not balanced: in MIMIC's intensive care about one stay in eight ends in death (Harutyunyan et al., 2019: 13.2 %), and
fewer patients die within a day. So the thresholds lie where about such a share of the questions of their kind reaches
them: on the synthetic release one in seven, and one in twelve. No label takes part in it.
"""

from __future__ import annotations

from clinseek_assets.models.baselines.risk_rules import DYING
from clinseek_assets.models.baselines.risks import Rule

MORTALITY_RULES: dict[str, Rule] = {
    "mortality_24h": Rule(DYING, 17),
    "inpatient_mortality": Rule(DYING, 16),
}
