"""The icu module of MIMIC-IV 3.1: what was charted in the intensive care units."""

from __future__ import annotations

from clinseek_assets.mimic.tables import Label, Table, columns

TABLES = (
    Table(
        "icu",
        "caregiver",
        "The list of caregiver identifiers in the ICU.",
        columns("""
            caregiver_id integer!
        """),
        key=("caregiver_id",),
    ),
    Table(
        "icu",
        "chartevents",
        "What was charted at the ICU bedside: vital signs, settings, scores.",
        columns("""
            subject_id   integer!
            hadm_id      integer!
            stay_id      integer!
            caregiver_id integer
            charttime    datetime!
            storetime    datetime
            itemid       integer!
            value        text
            valuenum     real
            valueuom     text
            warning      integer
        """),
        key=("stay_id", "charttime", "itemid"),
        event_time="charttime",
        indexes=(("hadm_id",), ("stay_id",), ("charttime",), ("itemid", "charttime")),
        labels=(Label(("itemid",), "d_items", "label"),),
    ),
    Table(
        "icu",
        "d_items",
        "Dictionary of ICU items.",
        columns("""
            itemid          integer!
            label           text!
            abbreviation    text!
            linksto         text!
            category        text!
            unitname        text
            param_type      text!
            lownormalvalue  real
            highnormalvalue real
        """),
        key=("itemid",),
    ),
    Table(
        "icu",
        "datetimeevents",
        "ICU items whose value is a date, such as when a line was placed.",
        columns("""
            subject_id   integer!
            hadm_id      integer!
            stay_id      integer!
            caregiver_id integer
            charttime    datetime!
            storetime    datetime
            itemid       integer!
            value        datetime!
            valueuom     text
            warning      integer
        """),
        key=("stay_id", "charttime", "itemid"),
        event_time="charttime",
        indexes=(("hadm_id",), ("stay_id",), ("charttime",), ("itemid", "charttime")),
        labels=(Label(("itemid",), "d_items", "label"),),
    ),
    Table(
        "icu",
        "icustays",
        "One row an ICU stay.",
        columns("""
            subject_id     integer!
            hadm_id        integer!
            stay_id        integer!
            first_careunit text
            last_careunit  text
            intime         datetime
            outtime        datetime
            los            real
        """),
        key=("stay_id",),
        event_time="intime",
        indexes=(("hadm_id",), ("stay_id",), ("intime",)),
    ),
    Table(
        "icu",
        "ingredientevents",
        "Ingredients of what was given in the ICU: water, calories, medicines.",
        columns("""
            subject_id        integer!
            hadm_id           integer!
            stay_id           integer
            caregiver_id      integer
            starttime         datetime!
            endtime           datetime!
            storetime         datetime
            itemid            integer!
            amount            real
            amountuom         text
            rate              real
            rateuom           text
            orderid           integer!
            linkorderid       integer
            statusdescription text
            originalamount    real
            originalrate      real
        """),
        key=("orderid", "itemid"),
        event_time="starttime",
        indexes=(("hadm_id",), ("stay_id",), ("starttime",), ("itemid", "starttime")),
        labels=(Label(("itemid",), "d_items", "label"),),
    ),
    Table(
        "icu",
        "inputevents",
        "Fluids and medicines given in the ICU.",
        columns("""
            subject_id                    integer!
            hadm_id                       integer!
            stay_id                       integer
            caregiver_id                  integer
            starttime                     datetime!
            endtime                       datetime!
            storetime                     datetime
            itemid                        integer!
            amount                        real
            amountuom                     text
            rate                          real
            rateuom                       text
            orderid                       integer!
            linkorderid                   integer
            ordercategoryname             text
            secondaryordercategoryname    text
            ordercomponenttypedescription text
            ordercategorydescription      text
            patientweight                 real
            totalamount                   real
            totalamountuom                text
            isopenbag                     integer
            continueinnextdept            integer
            statusdescription             text
            originalamount                real
            originalrate                  real
        """),
        key=("orderid", "itemid"),
        event_time="starttime",
        indexes=(("hadm_id",), ("stay_id",), ("starttime",), ("itemid", "starttime")),
        labels=(Label(("itemid",), "d_items", "label"),),
    ),
    Table(
        "icu",
        "outputevents",
        "Fluids lost in the ICU.",
        columns("""
            subject_id   integer!
            hadm_id      integer!
            stay_id      integer!
            caregiver_id integer
            charttime    datetime!
            storetime    datetime!
            itemid       integer!
            value        real!
            valueuom     text
        """),
        key=("stay_id", "charttime", "itemid"),
        event_time="charttime",
        indexes=(("hadm_id",), ("stay_id",), ("charttime",), ("itemid", "charttime")),
        labels=(Label(("itemid",), "d_items", "label"),),
    ),
    Table(
        "icu",
        "procedureevents",
        "Procedures in the ICU: ventilation, lines, imaging.",
        columns("""
            subject_id               integer!
            hadm_id                  integer!
            stay_id                  integer!
            caregiver_id             integer
            starttime                datetime!
            endtime                  datetime!
            storetime                datetime!
            itemid                   integer!
            value                    real
            valueuom                 text
            location                 text
            locationcategory         text
            orderid                  integer
            linkorderid              integer
            ordercategoryname        text
            ordercategorydescription text
            patientweight            real
            isopenbag                integer
            continueinnextdept       integer
            statusdescription        text
            ORIGINALAMOUNT           real
            ORIGINALRATE             real
        """),
        key=("orderid",),
        event_time="starttime",
        indexes=(("hadm_id",), ("stay_id",), ("starttime",), ("itemid", "starttime")),
        labels=(Label(("itemid",), "d_items", "label"),),
    ),
)
