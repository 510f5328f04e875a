"""The icu module of MIMIC-IV 3.1: what was charted in the intensive care units."""

from __future__ import annotations

from clinseek_assets.mimic.tables import Label, Table, columns

TABLES = (
    Table(
        "icu",
        "caregiver",
        "The list of caregiver identifiers in the ICU.",
        columns("""
            caregiver_id integer! who charts in the ICU (de-identified)
        """),
        key=("caregiver_id",),
    ),
    Table(
        "icu",
        "chartevents",
        "What was charted at the ICU bedside: vital signs, settings, scores.",
        columns("""
            subject_id   integer!  the patient
            hadm_id      integer!  the hospital stay
            stay_id      integer!  the ICU stay
            caregiver_id integer   who charted it (de-identified)
            charttime    datetime! when it was observed
            storetime    datetime  when it was entered, or validated by the staff
            itemid       integer!  the item that was charted; its name is in d_items
            value        text      what was charted, as text
            valuenum     real      what was charted as a number, where it is one
            valueuom     text      unit of the value
            warning      integer   1 if the system raised a warning at this value
        """),
        key=("stay_id", "charttime", "itemid"),
        event_time="charttime",
        indexes=(("hadm_id", "charttime"), ("stay_id",), ("charttime",), ("itemid", "charttime", "storetime")),
        labels=(Label(("itemid",), "d_items", "label"),),
    ),
    Table(
        "icu",
        "d_items",
        "Dictionary of ICU items.",
        columns("""
            itemid          integer! the item
            label           text!    the item's name
            abbreviation    text!    the item's short name
            linksto         text!    the table that the item is charted in
            category        text!    the group of items that it belongs to
            unitname        text     unit of the item's values
            param_type      text!    kind of value: numeric, text, date, ...
            lownormalvalue  real     lower bound of the normal range
            highnormalvalue real     upper bound of the normal range
        """),
        key=("itemid",),
    ),
    Table(
        "icu",
        "datetimeevents",
        "ICU items whose value is a date, such as when a line was placed.",
        columns("""
            subject_id   integer!  the patient
            hadm_id      integer!  the hospital stay
            stay_id      integer!  the ICU stay
            caregiver_id integer   who charted it (de-identified)
            charttime    datetime! when it was charted
            storetime    datetime  when it was entered or validated in the system
            itemid       integer!  the item that was charted; its name is in d_items
            value        datetime! the date or time that was charted
            valueuom     text      kind of the value: date, or date and time
            warning      integer   1 if the system raised a warning at this value
        """),
        key=("stay_id", "charttime", "itemid"),
        event_time="charttime",
        indexes=(("hadm_id", "charttime"), ("stay_id",), ("charttime",), ("itemid", "charttime", "storetime")),
        labels=(Label(("itemid",), "d_items", "label"),),
    ),
    Table(
        "icu",
        "icustays",
        "One row an ICU stay.",
        columns("""
            subject_id     integer! the patient
            hadm_id        integer! the hospital stay
            stay_id        integer! the ICU stay; one row each
            first_careunit text     the unit that the stay began in
            last_careunit  text     the unit that the stay ended in
            intime         datetime when the patient came to the ICU
            outtime        datetime when the patient left the ICU
            los            real     length of the ICU stay in days, with fractions
        """),
        key=("stay_id",),
        event_time="intime",
        indexes=(("hadm_id", "intime"), ("stay_id",), ("intime",)),
    ),
    Table(
        "icu",
        "ingredientevents",
        "Ingredients of what was given in the ICU: water, calories, medicines.",
        columns("""
            subject_id        integer!  the patient
            hadm_id           integer!  the hospital stay
            stay_id           integer   the ICU stay
            caregiver_id      integer   who charted it (de-identified)
            starttime         datetime! when the giving began
            endtime           datetime! when the giving ended
            storetime         datetime  when it was entered or validated in the system
            itemid            integer!  the ingredient; its name is in d_items
            amount            real      amount given between starttime and endtime
            amountuom         text      unit of the amount
            rate              real      rate of giving
            rateuom           text      unit of the rate
            orderid           integer!  the order; what was given together in one solution shares it
            linkorderid       integer   the first of a chain of changed orders
            statusdescription text      how this part of the order ended: changed, paused, finished, ...
            originalamount    real      amount of the solution at its start
            originalrate      real      rate that was first planned
        """),
        key=("orderid", "itemid"),
        event_time="starttime",
        indexes=(("hadm_id", "starttime"), ("stay_id",), ("starttime",), ("itemid", "starttime", "storetime")),
        labels=(Label(("itemid",), "d_items", "label"),),
    ),
    Table(
        "icu",
        "inputevents",
        "Fluids and medicines given in the ICU.",
        columns("""
            subject_id                    integer!  the patient
            hadm_id                       integer!  the hospital stay
            stay_id                       integer   the ICU stay
            caregiver_id                  integer   who charted it (de-identified)
            starttime                     datetime! when the giving began
            endtime                       datetime! when the giving ended
            storetime                     datetime  when it was entered or validated in the system
            itemid                        integer!  the fluid or medicine; its name is in d_items
            amount                        real      amount given between starttime and endtime
            amountuom                     text      unit of the amount
            rate                          real      rate of giving
            rateuom                       text      unit of the rate
            orderid                       integer!  the order; what was given together in one solution shares it
            linkorderid                   integer   the first of a chain of changed orders
            ordercategoryname             text      kind of order, such as continuous medicines or fluids
            secondaryordercategoryname    text      second kind of order, where there is one
            ordercomponenttypedescription text      part in the solution: main, additive, ...
            ordercategorydescription      text      way of giving: continuous, bolus, drug push, ...
            patientweight                 real      the patient's weight in kg
            totalamount                   real      amount of fluid in the bag
            totalamountuom                text      unit of totalamount
            isopenbag                     integer   1 if the order came from an open bag
            continueinnextdept            integer   1 if the order went on in the next unit
            statusdescription             text      how this part of the order ended: changed, paused, finished, ...
            originalamount                real      amount of the solution at its start
            originalrate                  real      rate that was first planned
        """),
        key=("orderid", "itemid"),
        event_time="starttime",
        indexes=(("hadm_id", "starttime"), ("stay_id",), ("starttime",), ("itemid", "starttime", "storetime")),
        labels=(Label(("itemid",), "d_items", "label"),),
    ),
    Table(
        "icu",
        "outputevents",
        "Fluids lost in the ICU.",
        columns("""
            subject_id   integer!  the patient
            hadm_id      integer!  the hospital stay
            stay_id      integer!  the ICU stay
            caregiver_id integer   who charted it (de-identified)
            charttime    datetime! when it was measured
            storetime    datetime! when it was entered or validated in the system
            itemid       integer!  the item that was charted; its name is in d_items
            value        real!     how much was lost, in units of valueuom
            valueuom     text      unit of the value, mL
        """),
        key=("stay_id", "charttime", "itemid"),
        event_time="charttime",
        indexes=(("hadm_id", "charttime"), ("stay_id",), ("charttime",), ("itemid", "charttime", "storetime")),
        labels=(Label(("itemid",), "d_items", "label"),),
    ),
    Table(
        "icu",
        "procedureevents",
        "Procedures in the ICU: ventilation, lines, imaging.",
        columns("""
            subject_id               integer!  the patient
            hadm_id                  integer!  the hospital stay
            stay_id                  integer!  the ICU stay
            caregiver_id             integer   who charted it (de-identified)
            starttime                datetime! when the procedure began
            endtime                  datetime! when the procedure ended
            storetime                datetime! when it was entered or validated in the system
            itemid                   integer!  the procedure; its name is in d_items
            value                    real      how long it took, in units of valueuom
            valueuom                 text      unit of the value, such as minutes, hours or days
            location                 text      site on the body
            locationcategory         text      kind of site, such as an invasive venous line
            orderid                  integer   the order
            linkorderid              integer   the first of a chain of changed orders
            ordercategoryname        text      kind of order, such as ventilation or imaging
            ordercategorydescription text      way of ordering, such as task or electrolytes
            patientweight            real      the patient's weight in kg
            isopenbag                integer   1 if the order came from an open bag
            continueinnextdept       integer   1 if the order went on in the next unit
            statusdescription        text      how the order ended: finished, stopped, paused, ...
            ORIGINALAMOUNT           real      value that was first entered
            ORIGINALRATE             real      rate that was first entered; without meaning for most procedures
        """),
        key=("orderid",),
        event_time="starttime",
        indexes=(("hadm_id", "starttime"), ("stay_id",), ("starttime",), ("itemid", "starttime")),
        labels=(Label(("itemid",), "d_items", "label"),),
    ),
)
