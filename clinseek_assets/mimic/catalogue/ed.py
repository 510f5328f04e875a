"""MIMIC-IV-ED 2.2: stays in the emergency department."""

from __future__ import annotations

from clinseek_assets.mimic.tables import Table, columns

TABLES = (
    Table(
        "ed",
        "diagnosis",
        "Diagnoses billed for an emergency department stay.",
        columns("""
            subject_id  integer! the patient
            stay_id     integer! the emergency department stay
            seq_num     integer! rank of the diagnosis in this stay; 1 is the most important
            icd_code    text!    the ICD diagnosis code, without dot
            icd_version integer! 9 or 10: the revision that the code belongs to
            icd_title   text!    what the code stands for
        """),
        key=("stay_id", "seq_num"),
        indexes=(("stay_id",),),
    ),
    Table(
        "ed",
        "edstays",
        "One row an emergency department stay.",
        columns("""
            subject_id        integer!  the patient
            hadm_id           integer   the hospital stay that followed; NULL where the patient was not admitted
            stay_id           integer!  the emergency department stay; one row each
            intime            datetime! when the patient came
            outtime           datetime! when the patient left
            gender            text!     sex: F or M
            race              text      the patient's race, as recorded for this stay
            arrival_transport text!     how the patient came: ambulance, walk in, ...
            disposition       text      how the stay ended: home, admitted, transfer, ...
        """),
        key=("stay_id",),
        event_time="intime",
        indexes=(("hadm_id", "intime"), ("stay_id",), ("intime",)),
    ),
    Table(
        "ed",
        "medrecon",
        "Medicines that the patient took before the emergency department stay.",
        columns("""
            subject_id     integer! the patient
            stay_id        integer! the emergency department stay
            charttime      datetime when the medicine was recorded
            name           text     the medicine's name
            gsn            text     generic sequence number of the medicine
            ndc            text     national drug code
            etc_rn         integer  counts the medicine's therapeutic classes
            etccode        text     code of a therapeutic class (Enhanced Therapeutic Class)
            etcdescription text     name of the therapeutic class
        """),
        key=("stay_id", "charttime", "name"),
        event_time="charttime",
        indexes=(("stay_id",), ("charttime",)),
    ),
    Table(
        "ed",
        "pyxis",
        "Medicines dispensed in the emergency department.",
        columns("""
            subject_id integer! the patient
            stay_id    integer! the emergency department stay
            charttime  datetime when the medicine was dispensed
            med_rn     integer! counts the stay's medicines; rows of one medicine share it
            name       text     the medicine's name
            gsn_rn     integer! counts the medicine's generic sequence numbers
            gsn        text     generic sequence number of the medicine
        """),
        key=("stay_id", "charttime", "med_rn", "gsn_rn"),
        event_time="charttime",
        indexes=(("stay_id",), ("charttime",)),
    ),
    Table(
        "ed",
        "triage",
        "What was seen and measured at triage.",
        columns("""
            subject_id     integer! the patient
            stay_id        integer! the emergency department stay
            temperature    real     temperature in degrees Fahrenheit
            heartrate      real     heart rate, beats a minute
            resprate       real     breaths a minute
            o2sat          real     oxygen saturation in percent
            sbp            real     systolic blood pressure in mmHg
            dbp            real     diastolic blood pressure in mmHg
            pain           text     pain as the patient tells it, mostly from 0 to 10
            acuity         real     triage level from 1 (most urgent) to 5 (least urgent)
            chiefcomplaint text     why the patient came (de-identified)
        """),
        key=("stay_id",),
        indexes=(("stay_id",),),
    ),
    Table(
        "ed",
        "vitalsign",
        "Vital signs measured in the emergency department.",
        columns("""
            subject_id  integer! the patient
            stay_id     integer! the emergency department stay
            charttime   datetime when the signs were measured
            temperature real     temperature in degrees Fahrenheit
            heartrate   real     heart rate, beats a minute
            resprate    real     breaths a minute
            o2sat       real     oxygen saturation in percent
            sbp         integer  systolic blood pressure in mmHg
            dbp         integer  diastolic blood pressure in mmHg
            rhythm      text     heart rhythm
            pain        text     pain as the patient tells it, mostly from 0 to 10
        """),
        key=("stay_id", "charttime"),
        event_time="charttime",
        indexes=(("stay_id",), ("charttime",)),
    ),
)
