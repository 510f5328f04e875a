"""The `strict` policy of MedMod's three tables: the facts of MIMIC-IV's rules, for charting and results in one table.

MedMod keeps only admissions with one ICU stay, in one unit from begin to end, and only events of such admissions. So
that there is an event at all tells of the ICU stay to come: ADM is the intime of the admission's stay here, and of an
admission nothing but X-rays is known before. No outcome is read: neither the ends of stays nor deaths are in a
database. A «J» in a reason marks a judgement.
"""

from __future__ import annotations

from clinseek_assets.mimic.visibility.moments import Admitted, At, FromNumber, Latest
from clinseek_assets.mimic.visibility.rule import DAY, Rule, Settled, names

# MIMIC-IV numbers what is charted in the ICU from here on; laboratory tests stand below, from 50,000 to 53,999.
FIRST_ICU_ITEM = 220_000

_HX = Settled(("hadm_id", "stay_id"), Admitted(), "an id betrays the ICU stay to come")

RULES: dict[str, Rule] = {
    rule.table: rule
    for rule in (
        Rule(
            "events",
            Latest(FromNumber("itemid", FIRST_ICU_ITEM, At("charttime"), At("charttime", DAY)), Admitted()),
            "what is charted when it was observed; laboratory results a day after the specimen, since no storetime is "
            "kept (J: p99 is 8 h); only events of admissions with an ICU stay are kept",
            names("subject_id charttime itemid value valuenum"),
            settled=(_HX,),
            order=At("charttime"),
        ),
        Rule(
            "stays",
            At("intime"),
            "the patient has come to the unit; last_careunit is also the first in all of MedMod",
            names("subject_id hadm_id stay_id last_careunit intime ethnicity race gender anchor_age age"),
            settled=(Settled(("admittime",), At("admittime"), "the admission may be written after the ICU's begin"),),
            order=At("intime"),
        ),
        Rule(
            "tb_cxr",
            At("studydatetime"),
            "the study is made; one at the moment itself is not in the record, its picture is the question's",
            names("subject_id study_id studydatetime split image_id image_path viewposition"),
            settled=(_HX,),
            order=At("studydatetime"),
        ),
    )
}
