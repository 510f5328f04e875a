"""MIMIC-IV-ED 2.2: stays in the emergency department."""

from __future__ import annotations

from clinseek_assets.mimic.tables import Table, columns

TABLES = (
    Table(
        "ed",
        "diagnosis",
        "Diagnoses billed for an emergency department stay.",
        columns("""
            subject_id  integer!
            stay_id     integer!
            seq_num     integer!
            icd_code    text!
            icd_version integer!
            icd_title   text!
        """),
        key=("stay_id", "seq_num"),
        indexes=(("stay_id",),),
    ),
    Table(
        "ed",
        "edstays",
        "One row an emergency department stay.",
        columns("""
            subject_id        integer!
            hadm_id           integer
            stay_id           integer!
            intime            datetime!
            outtime           datetime!
            gender            text!
            race              text
            arrival_transport text!
            disposition       text
        """),
        key=("stay_id",),
        event_time="intime",
        indexes=(("hadm_id",), ("stay_id",), ("intime",)),
    ),
    Table(
        "ed",
        "medrecon",
        "Medicines that the patient took before the emergency department stay.",
        columns("""
            subject_id     integer!
            stay_id        integer!
            charttime      datetime
            name           text
            gsn            text
            ndc            text
            etc_rn         integer
            etccode        text
            etcdescription text
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
            subject_id integer!
            stay_id    integer!
            charttime  datetime
            med_rn     integer!
            name       text
            gsn_rn     integer!
            gsn        text
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
            subject_id     integer!
            stay_id        integer!
            temperature    real
            heartrate      real
            resprate       real
            o2sat          real
            sbp            real
            dbp            real
            pain           text
            acuity         real
            chiefcomplaint text
        """),
        key=("stay_id",),
        indexes=(("stay_id",),),
    ),
    Table(
        "ed",
        "vitalsign",
        "Vital signs measured in the emergency department.",
        columns("""
            subject_id  integer!
            stay_id     integer!
            charttime   datetime
            temperature real
            heartrate   real
            resprate    real
            o2sat       real
            sbp         integer
            dbp         integer
            rhythm      text
            pain        text
        """),
        key=("stay_id", "charttime"),
        event_time="charttime",
        indexes=(("stay_id",), ("charttime",)),
    ),
)
