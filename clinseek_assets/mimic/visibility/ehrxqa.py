"""The `strict` policy of EHRXQA's 14 patient tables: the facts of MIMIC-IV's rules, for tables that have fewer times.

EHRXQA keeps no time of storage and no time of death, and dates codes by its own assumption. So results are known by the
lags that the open demo of MIMIC-IV shows, and bills as in MIMIC-IV. Of laboratory results, cultures and transfers it
keeps the rows of admissions only: that such a row is there tells of the admission, so none is known before it begins.
The tables are those of EHRXQA's own preprocessing; a «J» in a reason marks a judgement.
"""

from __future__ import annotations

from datetime import timedelta

from clinseek_assets.mimic.visibility.moments import Admitted, Always, At, Billed, Latest, Of
from clinseek_assets.mimic.visibility.rule import DAY, Rule, Settled, names

# In the open demo 95% of the cultures of admissions are stored within 188 hours of the specimen, half within 74.
CULTURED = timedelta(days=8)
# In the open demo 99% of the fluids in ml are over and entered within 32 hours of their start.
RUN_IN = timedelta(hours=36)

_HX = Settled(("hadm_id",), Admitted(), "an id betrays the admission to come")
_OF_ADMISSIONS_ONLY = "only rows of admissions are kept"
_PRICED = "its price is made for a bill"

RULES: dict[str, Rule] = {
    rule.table: rule
    for rule in (
        Rule(
            "admissions",
            At("admittime"),
            "the patient is admitted",
            names("""row_id subject_id hadm_id admittime admission_type admission_location insurance language
                     marital_status age"""),
            settled=(
                Settled(
                    ("dischtime", "discharge_location"),
                    At("dischtime", DAY),
                    "without a deathtime to wait for, a day more: deaths follow their dischtime by up to 23 h (J)",
                ),
            ),
            order=At("admittime"),
        ),
        Rule(
            "chartevents",
            At("charttime"),
            "no entry is noted: when it was observed (J)",
            names("row_id subject_id hadm_id stay_id charttime itemid valuenum valueuom"),
            order=At("charttime"),
        ),
        Rule(
            "cost",
            Billed(),
            f"{_PRICED} (J); chargetime is the time of what is priced",
            names("row_id subject_id hadm_id event_type event_id chargetime cost"),
            order=At("chargetime"),
        ),
        Rule(
            "diagnoses_icd",
            Billed(),
            "coded after the stay, from what its X-rays showed too: never those of the question's own (J); EHRXQA "
            "dates a code by the admission's begin",
            names("row_id subject_id hadm_id icd_code charttime"),
            order=At("charttime"),
        ),
        Rule(
            "icustays",
            At("intime"),
            "the patient has come to the unit",
            names("row_id subject_id hadm_id stay_id first_careunit intime"),
            settled=(Settled(("last_careunit", "outtime"), At("outtime"), "known when the patient leaves"),),
            order=At("intime"),
        ),
        Rule(
            "inputevents",
            At("starttime"),
            "no entry is noted: when it was begun (J: half are entered within 6 min)",
            names("row_id subject_id hadm_id stay_id starttime itemid"),
            settled=(
                Settled(
                    ("amount",),
                    At("starttime", RUN_IN),
                    "the amount of what is still running; no endtime is kept, and 99% are over and entered in 32 h (J)",
                ),
            ),
            order=At("starttime"),
        ),
        Rule(
            "labevents",
            Latest(At("charttime", DAY), Admitted()),
            f"no storetime is kept: a day after the specimen (J: p99 is 8 h); {_OF_ADMISSIONS_ONLY}",
            names("row_id subject_id itemid charttime valuenum valueuom"),
            settled=(_HX,),
            order=At("charttime"),
        ),
        Rule(
            "microbiologyevents",
            Latest(At("charttime", CULTURED), Admitted()),
            f"no storetime is kept: 95% are stored within 188 h of the specimen, half in 74 (J); {_OF_ADMISSIONS_ONLY}",
            names("row_id subject_id charttime spec_type_desc test_name org_name"),
            settled=(_HX,),
            order=At("charttime"),
        ),
        Rule(
            "outputevents",
            At("charttime"),
            "no entry is noted: when it was measured (J: half are entered within 17 min, 99% in 5 h)",
            names("row_id subject_id hadm_id stay_id charttime itemid value"),
            order=At("charttime"),
        ),
        Rule(
            "patients",
            Always(),
            "sex and year of birth; the date of death is not read at all",
            names("row_id subject_id gender dob"),
        ),
        Rule(
            "prescriptions",
            Latest(At("starttime"), Admitted()),
            "no order is kept: when it begins and, as it exists for admissions only, admitted (J)",
            names("row_id subject_id hadm_id starttime drug dose_val_rx dose_unit_rx route"),
            settled=(Settled(("stoptime",), At("stoptime"), "overwritten when the medicine is stopped early"),),
            order=At("starttime"),
        ),
        Rule(
            "procedures_icd",
            Billed(),
            "coded after the stay (J); charttime is a midnight or the discharge",
            names("row_id subject_id hadm_id icd_code charttime"),
            order=At("charttime"),
        ),
        Rule(
            "tb_cxr",
            At("studydatetime"),
            "the study is made; one at the moment itself is not in the record, its picture is the question's",
            names("""row_id subject_id study_id studydatetime split image_id image_path viewposition report_path"""),
            settled=(
                _HX,
                Settled(
                    ("stay_id",),
                    Of("icustays", "intime", "stay_id", "stay_id"),
                    "an id betrays the ICU stay to come",
                ),
            ),
            order=At("studydatetime"),
        ),
        Rule(
            "transfers",
            Latest(At("intime"), Admitted()),
            f"the patient has come to the unit; {_OF_ADMISSIONS_ONLY}, so one in the ED tells of the admission to come",
            names("row_id subject_id transfer_id eventtype careunit intime"),
            settled=(
                Settled(("outtime",), At("outtime"), "known when the patient leaves the unit"),
                _HX,
            ),
            order=At("intime"),
        ),
    )
}
