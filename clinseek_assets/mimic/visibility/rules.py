"""The `strict` policy: when each row and each value of the 34 patient tables became known, one entry a table.

Worked out from the documentation of MIMIC-IV 3.1, MIMIC-IV-ED 2.2 and MIMIC-IV-Note 2.2 and measured on the open demo;
a «J» in a reason marks a judgement. Every column that is served is named: a table or a column without a rule is not.
`docs/time_policy.md` shows all of it as one table.
"""

from __future__ import annotations

from functools import cache

from clinseek_assets.benchmark.subtasks import DECISION, Subtask
from clinseek_assets.mimic.visibility.moments import (
    Admitted,
    Always,
    At,
    Billed,
    Ended,
    FirstOf,
    Latest,
    Of,
    OnlyFor,
    Parent,
    StayBilled,
    Where,
    YearBegun,
)
from clinseek_assets.mimic.visibility.rule import DAY, SECOND, Rule, Settled, names

BORN_FOR_ADMISSIONS = "an id betrays the admission to come: labs carry one in 38 ED stays that end in it, in 0 others"
_HX = Settled(("hadm_id",), Admitted(), BORN_FOR_ADMISSIONS)
_CLOSED = Latest(At("endtime"), At("storetime"))

RULES: dict[str, Rule] = {
    rule.table: rule
    for rule in (
        # ------------------------------------------------------------------------------------ emergency department
        Rule(
            "diagnosis",
            StayBilled(),
            "billed after the stay (J); never those of the question's own stay",
            names("subject_id stay_id seq_num icd_code icd_version icd_title"),
            never=(("charttime", "derived from outtime by the published builder; no source has it"),),
            order=Of("edstays", "outtime", "stay_id", "stay_id"),
        ),
        Rule(
            "edstays",
            At("intime"),
            "the patient has come",
            names("subject_id stay_id intime gender race arrival_transport"),
            settled=(
                Settled(("outtime", "disposition"), At("outtime"), "known when the patient leaves"),
                _HX,
            ),
            order=At("intime"),
        ),
        Rule(
            "medrecon",
            FirstOf(At("charttime"), Of("edstays", "outtime", "stay_id", "stay_id")),
            "when it was recorded; without a time of its own, when the patient left (J)",
            names("subject_id stay_id charttime name gsn ndc etc_rn etccode etcdescription"),
            order=At("charttime"),
        ),
        Rule(
            "pyxis",
            At("charttime"),
            "when it was dispensed",
            names("subject_id stay_id charttime med_rn name gsn_rn gsn"),
            order=At("charttime"),
        ),
        Rule(
            "triage",
            Of("edstays", "intime", "stay_id", "stay_id", SECOND),
            "no time of its own; the benchmark orders it a second after the arrival (J)",
            names("subject_id stay_id temperature heartrate resprate o2sat sbp dbp pain acuity chiefcomplaint"),
            order=Of("edstays", "intime", "stay_id", "stay_id", SECOND),
        ),
        Rule(
            "vitalsign",
            At("charttime"),
            "when it was measured",
            names("subject_id stay_id charttime temperature heartrate resprate o2sat sbp dbp rhythm pain"),
            order=At("charttime"),
        ),
        # ------------------------------------------------------------------------------------------------ hospital
        Rule(
            "admissions",
            At("admittime"),
            "the patient is admitted",
            names("""subject_id hadm_id admittime admission_type admit_provider_id admission_location insurance
                     language marital_status race edregtime"""),
            settled=(
                Settled(
                    names("dischtime deathtime discharge_location hospital_expire_flag"),
                    Ended(),
                    "4 of 15 deaths have a dischtime up to 23 h before the deathtime: dischtime alone shows DIED early",
                ),
                Settled(("edouttime",), At("edouttime"), "leaving the emergency department may come after admission"),
            ),
            never=(("text", "derived from the discharge summary by the published builder"),),
            order=At("admittime"),
        ),
        Rule(
            "diagnoses_icd",
            Billed(),
            "coded after the stay (J); never those of the question's own admission",
            names("subject_id hadm_id seq_num icd_code icd_version"),
            never=(("charttime", "derived from dischtime by the published builder; no source has it"),),
        ),
        Rule(
            "drgcodes",
            Billed(),
            "a group names the principal diagnosis (J)",
            names("subject_id hadm_id drg_type drg_code description drg_severity drg_mortality"),
        ),
        Rule(
            "emar",
            Latest(At("charttime"), At("storetime")),
            "recorded after it was given, or before it is due: storetime precedes charttime in 3%",
            names("""subject_id emar_id emar_seq poe_id pharmacy_id enter_provider_id charttime medication event_txt
                     scheduletime storetime"""),
            settled=(_HX,),
            planned=("scheduletime",),
            order=At("charttime"),
        ),
        Rule(
            "emar_detail",
            Parent("emar", "emar_id"),
            "part of an administration",
            names("""subject_id emar_id emar_seq parent_field_ordinal administration_type pharmacy_id barcode_type
                     reason_for_no_barcode complete_dose_not_given dose_due dose_due_unit dose_given dose_given_unit
                     will_remainder_of_dose_be_given product_amount_given product_unit product_code
                     product_description product_description_other prior_infusion_rate infusion_rate
                     infusion_rate_adjustment infusion_rate_adjustment_amount infusion_rate_unit route
                     infusion_complete completion_interval new_iv_bag_hung continued_infusion_in_other_location
                     restart_interval side site non_formulary_visual_verification"""),
        ),
        Rule(
            "hcpcsevents",
            Billed(),
            "billed after the stay, and a day is all that is known (J)",
            names("subject_id hadm_id chartdate hcpcs_cd seq_num short_description"),
            order=At("chartdate"),
        ),
        Rule(
            "labevents",
            FirstOf(At("storetime"), At("charttime", DAY)),
            "when the result came, a median of 65 min after the specimen; without that a day later (J: p99 is 10 h)",
            names("""labevent_id subject_id specimen_id itemid order_provider_id charttime storetime value valuenum
                     valueuom ref_range_lower ref_range_upper flag priority comments"""),
            settled=(_HX,),
            order=At("charttime"),
        ),
        Rule(
            "microbiologyevents",
            FirstOf(At("storetime"), At("storedate", DAY)),
            "a median of 73 h after the specimen; the whole row at once (J), since rows grow in number with findings",
            names("""microevent_id subject_id micro_specimen_id order_provider_id chartdate charttime spec_itemid
                     spec_type_desc test_seq storedate storetime test_itemid test_name org_itemid org_name isolate_num
                     quantity ab_itemid ab_name dilution_text dilution_comparison dilution_value interpretation
                     comments"""),
            settled=(_HX,),
            order=FirstOf(At("charttime"), At("chartdate")),
        ),
        Rule(
            "omr",
            At("chartdate", DAY),
            "a day is all that is known: when it is over",
            names("subject_id chartdate seq_num result_name result_value"),
            order=At("chartdate"),
        ),
        Rule(
            "patients",
            Always(),
            "sex, and age by way of the anchor year",
            names("subject_id gender anchor_age anchor_year_group"),
            settled=(
                Settled(("anchor_year",), YearBegun("anchor_year"), "never after the first admission, as documented"),
            ),
            never=(("dod", "the death itself"),),
        ),
        Rule(
            "pharmacy",
            Latest(At("entertime"), At("starttime"), Admitted()),
            "entered, begun (J) and, as it exists for admissions only, admitted",
            names("""subject_id hadm_id pharmacy_id poe_id starttime medication proc_type entertime route frequency
                     disp_sched infusion_type sliding_scale lockout_interval basal_rate one_hr_max doses_per_24_hrs
                     duration duration_interval expiration_value expiration_unit dispensation fill_quantity"""),
            settled=(
                Settled(("verifiedtime",), At("verifiedtime"), "a pharmacist verifies after the entry"),
                Settled(("stoptime",), At("stoptime"), "overwritten when the medicine is stopped early"),
            ),
            never=(
                ("status", "the last state, whatever it was at the moment"),
                ("expirationdate", "moved when the medicine is stopped"),
            ),
            order=At("entertime"),
        ),
        Rule(
            "poe",
            Latest(At("ordertime"), Admitted()),
            "157 of 182 ED stays that end in admission have orders before it, 0 of 54 others",
            names("""poe_id poe_seq subject_id hadm_id ordertime order_type order_subtype transaction_type
                     discontinue_of_poe_id order_provider_id"""),
            settled=(
                Settled(
                    ("discontinued_by_poe_id",),
                    Of("poe", "ordertime", "poe_id", "discontinued_by_poe_id"),
                    "known when the later order is entered",
                ),
            ),
            never=(("order_status", "the last state: Inactive in every row"),),
            order=At("ordertime"),
        ),
        Rule(
            "poe_detail",
            Parent("poe", "poe_id"),
            "part of an order",
            names("poe_id poe_seq subject_id field_name"),
            settled=(
                Settled(
                    ("field_value",),
                    OnlyFor("field_name", ("Discharge When", "Discharge Planning"), Ended(order=True)),
                    "of the planning of a discharge only the end state is there (J)",
                ),
            ),
        ),
        Rule(
            "prescriptions",
            Latest(
                At("starttime"),
                FirstOf(
                    Of("pharmacy", "entertime", "pharmacy_id", "pharmacy_id"),
                    Of("poe", "ordertime", "poe_id", "poe_id"),
                ),
                Admitted(),
            ),
            "1,404 of 18,087 start before their entry, which the pharmacy has; without it the order's",
            names("""subject_id hadm_id pharmacy_id poe_id poe_seq order_provider_id starttime drug_type drug
                     formulary_drug_cd gsn ndc prod_strength form_rx dose_val_rx dose_unit_rx form_val_disp
                     form_unit_disp doses_per_24_hrs route"""),
            settled=(Settled(("stoptime",), At("stoptime"), "overwritten when the medicine is stopped early"),),
            order=At("starttime"),
        ),
        Rule(
            "procedures_icd",
            Billed(),
            "coded after the stay (J): chartdate is a midnight, before admittime in 222 of 722",
            names("subject_id hadm_id seq_num chartdate icd_code icd_version"),
            order=At("chartdate"),
        ),
        Rule(
            "services",
            Latest(At("transfertime"), Admitted()),
            "20 of 319 precede the admission that they belong to",
            names("subject_id hadm_id transfertime prev_service curr_service"),
            order=At("transfertime"),
        ),
        Rule(
            "transfers",
            At("intime"),
            "the patient has come to the unit",
            names("subject_id transfer_id eventtype careunit intime"),
            settled=(
                Settled(("outtime",), At("outtime"), "known when the patient leaves the unit"),
                Settled(("hadm_id",), OnlyFor("eventtype", ("ED",), Admitted()), BORN_FOR_ADMISSIONS),
            ),
            order=At("intime"),
        ),
        # ------------------------------------------------------------------------------------------ intensive care
        Rule(
            "chartevents",
            Latest(At("charttime"), At("storetime")),
            "observed and entered; where no entry is noted, observed (J)",
            names("""subject_id hadm_id stay_id caregiver_id charttime storetime itemid value valuenum valueuom
                     warning"""),
            order=At("charttime"),
        ),
        Rule(
            "datetimeevents",
            Latest(At("charttime"), At("storetime")),
            "4% are stored before their charttime",
            names("subject_id hadm_id stay_id caregiver_id charttime storetime itemid value valueuom warning"),
            planned=("value",),
            order=At("charttime"),
        ),
        Rule(
            "icustays",
            At("intime"),
            "the patient has come to the unit",
            names("subject_id hadm_id stay_id first_careunit intime"),
            settled=(Settled(("last_careunit", "outtime", "los"), At("outtime"), "known when the patient leaves"),),
            order=At("intime"),
        ),
        Rule(
            "ingredientevents",
            Latest(At("starttime"), At("storetime")),
            "as inputevents, whose order and start it shares",
            names("""subject_id hadm_id stay_id caregiver_id starttime storetime itemid amountuom rate rateuom
                     orderid linkorderid originalamount originalrate"""),
            settled=(Settled(("endtime", "amount", "statusdescription"), _CLOSED, "as inputevents"),),
            order=At("starttime"),
        ),
        Rule(
            "inputevents",
            Latest(At("starttime"), At("storetime")),
            "begun and entered",
            names("""subject_id hadm_id stay_id caregiver_id starttime storetime itemid amountuom rate rateuom orderid
                     linkorderid ordercategoryname secondaryordercategoryname ordercomponenttypedescription
                     ordercategorydescription patientweight totalamount totalamountuom originalamount originalrate"""),
            settled=(
                Settled(
                    names("endtime amount isopenbag continueinnextdept statusdescription"),
                    _CLOSED,
                    "63% are stored before they end; amount by rate gives the end away",
                ),
            ),
            order=At("starttime"),
        ),
        Rule(
            "outputevents",
            Latest(At("charttime"), At("storetime")),
            "16% are stored before their charttime",
            names("subject_id hadm_id stay_id caregiver_id charttime storetime itemid value valueuom"),
            order=At("charttime"),
        ),
        Rule(
            "procedureevents",
            At("starttime"),
            "storetime is the closing time: it would hide what is going on (J)",
            names("""subject_id hadm_id stay_id caregiver_id starttime itemid valueuom location locationcategory
                     orderid linkorderid ordercategoryname ordercategorydescription patientweight"""),
            settled=(
                Settled(
                    names("""endtime storetime value isopenbag continueinnextdept statusdescription ORIGINALAMOUNT
                             ORIGINALRATE"""),
                    _CLOSED,
                    "value is the duration, and all of it is written when the procedure ends",
                ),
            ),
            order=At("starttime"),
        ),
        # --------------------------------------------------------------------------------------------------- notes
        Rule(
            "discharge",
            Where("storetime", Latest(At("storetime"), At("charttime", DAY)), Billed()),
            "charttime is the midnight before the discharge; unstored, known with the bill (J)",
            names("note_id subject_id note_type note_seq charttime storetime text"),
            settled=(_HX,),
            order=At("charttime"),
        ),
        Rule(
            "discharge_detail",
            Parent("discharge", "note_id"),
            "part of a note",
            names("note_id subject_id field_name field_value field_ordinal"),
        ),
        Rule(
            "radiology",
            Where("storetime", Latest(At("charttime"), At("storetime")), At("charttime", DAY)),
            "when the report was stored, an addendum by its own time; unstored, a day after the exam (J)",
            names("note_id subject_id note_type note_seq charttime storetime text"),
            settled=(_HX,),
            order=At("charttime"),
        ),
        Rule(
            "radiology_detail",
            Parent("radiology", "note_id"),
            "part of a report: an exam's name is a label of the benchmark",
            names("note_id subject_id field_name field_value field_ordinal"),
        ),
    )
}

# The target event often shares the second of the last event in the context: rows of the target table in the last
# moments before the question (`rule.EMBARGO`) are hidden, and so are those of its siblings, which tell the same.
SIBLINGS: tuple[frozenset[str], ...] = (
    frozenset({"inputevents", "ingredientevents"}),
    frozenset({"prescriptions", "pharmacy"}),
    frozenset({"emar", "emar_detail"}),
    frozenset({"poe", "poe_detail"}),
    frozenset({"radiology", "radiology_detail"}),
    frozenset({"diagnoses_icd", "drgcodes"}),
    frozenset({"procedures_icd", "hcpcsevents"}),
    frozenset({"transfers", "icustays", "services"}),
)


@cache
def embargoed(subtask: Subtask) -> frozenset[str]:
    """The tables whose last second before the moment is hidden from a question of this subtask.

    None for a risk; for a decision its target table and that table's siblings, every table where any may come next.
    """
    if subtask.task_type != DECISION:
        return frozenset()
    if not subtask.trigger:
        return frozenset(RULES)
    return frozenset({subtask.trigger}).union(*(group for group in SIBLINGS if subtask.trigger in group))
