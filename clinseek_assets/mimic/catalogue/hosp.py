"""The hosp module of MIMIC-IV 3.1: what the hospital-wide record holds."""

from __future__ import annotations

from clinseek_assets.mimic.tables import Label, Table, columns

TABLES = (
    Table(
        "hosp",
        "admissions",
        "One row a hospital admission.",
        columns("""
            subject_id           integer!  the patient
            hadm_id              integer!  the hospital stay; one row each
            admittime            datetime! when the patient was admitted
            dischtime            datetime  when the patient was discharged
            deathtime            datetime  when the patient died, if in this hospital stay
            admission_type       text!     kind and urgency of the admission
            admit_provider_id    text      the provider who admitted the patient (de-identified)
            admission_location   text      where the patient was before arriving at the hospital
            discharge_location   text      where the patient went after discharge
            insurance            text      the patient's insurance
            language             text      the language that the patient speaks
            marital_status       text      the patient's marital status
            race                 text      the patient's race, as recorded for this stay
            edregtime            datetime  when the patient was registered in the emergency department
            edouttime            datetime  when the patient left the emergency department
            hospital_expire_flag integer   1 if the patient died in this hospital stay, else 0
        """),
        key=("hadm_id",),
        event_time="admittime",
        indexes=(("hadm_id",),),
    ),
    Table(
        "hosp",
        "d_hcpcs",
        "Dictionary of billed services (HCPCS).",
        columns("""
            code              text!   the HCPCS code (CPT codes included)
            category          integer number of the code's broad category
            long_description  text    what the code stands for, in full
            short_description text    what the code stands for, in short
        """),
        key=("code",),
    ),
    Table(
        "hosp",
        "d_icd_diagnoses",
        "Dictionary of ICD diagnosis codes, versions 9 and 10.",
        columns("""
            icd_code    text!    the ICD diagnosis code, without dot
            icd_version integer! 9 or 10: the revision that the code belongs to
            long_title  text     what the code stands for
        """),
        key=("icd_code", "icd_version"),
    ),
    Table(
        "hosp",
        "d_icd_procedures",
        "Dictionary of ICD procedure codes, versions 9 and 10.",
        columns("""
            icd_code    text!    the ICD procedure code, without dot
            icd_version integer! 9 or 10: the revision that the code belongs to
            long_title  text     what the code stands for
        """),
        key=("icd_code", "icd_version"),
    ),
    Table(
        "hosp",
        "d_labitems",
        "Dictionary of laboratory tests.",
        columns("""
            itemid   integer! the laboratory test
            label    text     the test's name
            fluid    text     the fluid that is tested, such as blood or urine
            category text     the kind of test: blood gas, chemistry or hematology
        """),
        key=("itemid",),
    ),
    Table(
        "hosp",
        "diagnoses_icd",
        "Diagnoses billed for a hospital stay, in order of importance.",
        columns("""
            subject_id  integer! the patient
            hadm_id     integer! the hospital stay
            seq_num     integer! rank of the diagnosis in this stay; 1 is the most important
            icd_code    text     the ICD diagnosis code, without dot
            icd_version integer  9 or 10: the revision that the code belongs to
        """),
        key=("hadm_id", "seq_num"),
        indexes=(("hadm_id",),),
        labels=(Label(("icd_code", "icd_version"), "d_icd_diagnoses", "long_title"),),
    ),
    Table(
        "hosp",
        "drgcodes",
        "Diagnosis related groups that a hospital stay was billed under.",
        columns("""
            subject_id    integer! the patient
            hadm_id       integer! the hospital stay
            drg_type      text     the grouping system: HCFA or APR
            drg_code      text!    the diagnosis related group
            description   text     what the group stands for
            drg_severity  integer  severity of illness from 1 (minor) to 4 (extreme); APR groups only
            drg_mortality integer  risk of death from 1 (minor) to 4 (extreme); APR groups only
        """),
        key=("hadm_id", "drg_type", "drg_code"),
        indexes=(("hadm_id",),),
    ),
    Table(
        "hosp",
        "emar",
        "Medicine administrations recorded at the bedside by barcode.",
        columns("""
            subject_id        integer!  the patient
            hadm_id           integer   the hospital stay
            emar_id           text!     the medicine administration: subject_id, a hyphen, emar_seq
            emar_seq          integer!  counts the patient's administrations in the order in which they were recorded
            poe_id            text!     the provider order that is carried out
            pharmacy_id       integer   the pharmacy's entry of the medicine
            enter_provider_id text      the provider who entered the record (de-identified)
            charttime         datetime! when the medicine was given, or the event noted
            medication        text      the medicine's name
            event_txt         text      what happened: administered, not given, started, stopped, ...
            scheduletime      datetime  when the medicine was due
            storetime         datetime! when the record was made
        """),
        key=("emar_id",),
        event_time="charttime",
        indexes=(("hadm_id", "charttime"), ("charttime",), ("emar_id",), ("poe_id",), ("pharmacy_id",)),
    ),
    Table(
        "hosp",
        "emar_detail",
        "Details of a medicine administration: doses due and given, product, route.",
        columns("""
            subject_id                           integer! the patient
            emar_id                              text!    the medicine administration: subject_id, a hyphen, emar_seq
            emar_seq                             integer! counts the patient's administrations
            parent_field_ordinal                 text     which part of the administration this row is (1.1, 1.2, ...)
            administration_type                  text     kind of administration, such as IV bolus
            pharmacy_id                          integer  the pharmacy's entry of the medicine
            barcode_type                         text     kind of barcode that was scanned
            reason_for_no_barcode                text     why no barcode was scanned
            complete_dose_not_given              text     whether less than the whole dose was given
            dose_due                             text     the dose that was due
            dose_due_unit                        text     unit of dose_due
            dose_given                           text     the dose that was given
            dose_given_unit                      text     unit of dose_given
            will_remainder_of_dose_be_given      text     whether the rest will be given
            product_amount_given                 text     amount of the product given
            product_unit                         text     unit of product_amount_given
            product_code                         text     code of the product
            product_description                  text     name of the product
            product_description_other            text     further name of the product
            prior_infusion_rate                  text     the infusion rate before the change
            infusion_rate                        text     the infusion rate
            infusion_rate_adjustment             text     how the rate was changed
            infusion_rate_adjustment_amount      text     by how much the rate was changed
            infusion_rate_unit                   text     unit of the infusion rates
            route                                text     how it was given: oral, intravenous, ...
            infusion_complete                    text     whether the infusion was complete
            completion_interval                  text     how long the infusion took
            new_iv_bag_hung                      text     whether a new bag was hung
            continued_infusion_in_other_location text     whether it went on in another ward
            restart_interval                     text     when the infusion was to restart
            side                                 text     side of the body
            site                                 text     site on the body
            non_formulary_visual_verification    text     whether a product off the formulary was checked
        """),
        key=("emar_id", "parent_field_ordinal"),
        indexes=(("emar_id",), ("pharmacy_id",)),
    ),
    Table(
        "hosp",
        "hcpcsevents",
        "Services billed during a hospital stay.",
        columns("""
            subject_id        integer! the patient
            hadm_id           integer! the hospital stay
            chartdate         date     day of the service
            hcpcs_cd          text!    the HCPCS code of the service
            seq_num           integer! order of the services in this stay
            short_description text     the service, in short
        """),
        key=("hadm_id", "hcpcs_cd", "seq_num"),
        event_time="chartdate",
        indexes=(("hadm_id", "chartdate"), ("chartdate",)),
        labels=(Label(("hcpcs_cd",), "d_hcpcs", "long_description"),),
    ),
    Table(
        "hosp",
        "labevents",
        "Laboratory results.",
        columns("""
            labevent_id       integer! the result; one row each
            subject_id        integer! the patient
            hadm_id           integer  the hospital stay, where the result belongs to one
            specimen_id       integer! the specimen; results of one specimen share it
            itemid            integer! the laboratory test; its name is in d_labitems
            order_provider_id text     the provider who ordered it (de-identified)
            charttime         datetime when the specimen was taken
            storetime         datetime when the result became available
            value             text     the result as text
            valuenum          real     the result as a number, where it is one
            valueuom          text     unit of the result
            ref_range_lower   real     lower bound of the reference range
            ref_range_upper   real     upper bound of the reference range
            flag              text     «abnormal» where the result lies outside its reference range
            priority          text     urgency of the test: routine or stat
            comments          text     remarks on the result (de-identified)
        """),
        key=("labevent_id",),
        event_time="charttime",
        indexes=(("hadm_id", "charttime"), ("charttime",), ("itemid", "charttime", "storetime")),
        labels=(Label(("itemid",), "d_labitems", "label"),),
    ),
    Table(
        "hosp",
        "microbiologyevents",
        "Cultures: specimens, tests, organisms found and their sensitivities.",
        columns("""
            microevent_id       integer!  one result row: an organism and antibiotic, or a test without growth
            subject_id          integer!  the patient
            hadm_id             integer   the hospital stay, where the culture belongs to one
            micro_specimen_id   integer!  the specimen; results of one specimen share it
            order_provider_id   text      the provider who ordered it (de-identified)
            chartdate           datetime! day on which the specimen was taken
            charttime           datetime  when the specimen was taken; NULL where only the day is known
            spec_itemid         integer!  the kind of specimen
            spec_type_desc      text!     the kind of specimen, by name
            test_seq            integer!  tells apart several tests of one specimen
            storedate           datetime  day of the result's last entry
            storetime           datetime  when the result was last entered
            test_itemid         integer   the test
            test_name           text      the test, by name
            org_itemid          integer   the organism that grew; NULL where none did
            org_name            text      the organism, by name
            isolate_num         integer   tells apart the isolates of one culture
            quantity            text      how much grew, where it was measured
            ab_itemid           integer   the antibiotic that the organism was tested against
            ab_name             text      the antibiotic, by name
            dilution_text       text      dilution at which the organism's growth is inhibited, as text
            dilution_comparison text      the comparison sign in dilution_text
            dilution_value      real      the number in dilution_text
            interpretation      text      S sensitive, I intermediate, R resistant, P pending
            comments            text      remarks on the result (de-identified), often the result itself
        """),
        key=("microevent_id",),
        event_time="charttime",
        indexes=(("hadm_id", "charttime"), ("charttime",), ("chartdate",)),
    ),
    Table(
        "hosp",
        "omr",
        "Measurements kept in the outpatient record: weight, height, blood pressure.",
        columns("""
            subject_id   integer! the patient
            chartdate    date!    day of the measurement
            seq_num      integer! tells apart measurements of one kind on one day
            result_name  text!    what was measured, with its unit
            result_value text!    the measurement; blood pressures as systolic/diastolic
        """),
        key=("subject_id", "chartdate", "seq_num", "result_name"),
        event_time="chartdate",
        indexes=(("chartdate",),),
    ),
    Table(
        "hosp",
        "patients",
        "One row a patient: sex, age at the anchor year, date of death.",
        columns("""
            subject_id        integer! the patient; one row each
            gender            text!    sex: F or M
            anchor_age        integer  age in years in anchor_year; 91 stands for all above 89
            anchor_year       integer! a year of the patient's shifted calendar
            anchor_year_group text!    the three real years that anchor_year stands for
            dod               date     date of death (hospital or state records), within a year of the last discharge
        """),
        key=("subject_id",),
    ),
    Table(
        "hosp",
        "pharmacy",
        "Filled medicine orders, as the pharmacy handled them.",
        columns("""
            subject_id        integer!  the patient
            hadm_id           integer!  the hospital stay
            pharmacy_id       integer!  the pharmacy's entry; one row each
            poe_id            text      the provider order that is filled
            starttime         datetime  when the medicine starts
            stoptime          datetime  when the medicine stops
            medication        text      the medicine's name
            proc_type         text!     kind of order, such as unit dose or IV piggyback
            status            text      state of the order, such as active or discontinued
            entertime         datetime! when the order was entered
            verifiedtime      datetime  when a pharmacist verified the order
            route             text      how it is given: oral, intravenous, ...
            frequency         text      how often it is given, such as Q6H
            disp_sched        text      hours of the day at which it is given
            infusion_type     text      kind of infusion, coded with letters
            sliding_scale     text      Y if the dose follows a sliding scale
            lockout_interval  text      shortest time between two doses that the patient gives, as text
            basal_rate        real      rate of the continuous part of a patient-controlled infusion
            one_hr_max        text      highest dose in one hour, as text
            doses_per_24_hrs  real      doses in 24 hours
            duration          real      how long the medicine is given, in units of duration_interval
            duration_interval text      unit of duration: minutes, hours, days, ...
            expiration_value  integer   how long until the medicine expires, in units of expiration_unit
            expiration_unit   text      unit of expiration_value
            expirationdate    datetime  when the medicine expires
            dispensation      text      how it is dispensed, such as from the floor's stock
            fill_quantity     text      amount that was filled
        """),
        key=("pharmacy_id",),
        event_time="entertime",
        indexes=(("hadm_id", "entertime"), ("entertime",), ("poe_id",), ("pharmacy_id",)),
    ),
    Table(
        "hosp",
        "poe",
        "Orders entered by providers.",
        columns("""
            poe_id                 text!     the order; one row each: subject_id, a hyphen, poe_seq
            poe_seq                integer!  counts the patient's orders in the order in which they were entered
            subject_id             integer!  the patient
            hadm_id                integer   the hospital stay, where the order belongs to one
            ordertime              datetime! when the order was entered
            order_type             text!     kind of order: medications, lab, radiology, ...
            order_subtype          text      kind of order, in more detail
            transaction_type       text      what the order does: new, change, discontinue, ...
            discontinue_of_poe_id  text      the order that this one discontinues
            discontinued_by_poe_id text      the later order that discontinues this one
            order_provider_id      text      the provider who ordered it (de-identified)
            order_status           text      whether the order is active or inactive, in the end
        """),
        key=("poe_id",),
        event_time="ordertime",
        indexes=(("hadm_id", "ordertime"), ("ordertime",), ("poe_id",)),
    ),
    Table(
        "hosp",
        "poe_detail",
        "Details of a provider order.",
        columns("""
            poe_id      text!    the order
            poe_seq     integer! counts the patient's orders
            subject_id  integer! the patient
            field_name  text!    what the detail is about
            field_value text     the detail
        """),
        key=("poe_id", "field_name"),
        indexes=(("poe_id",),),
    ),
    Table(
        "hosp",
        "prescriptions",
        "Prescribed medicines.",
        columns("""
            subject_id        integer! the patient
            hadm_id           integer! the hospital stay
            pharmacy_id       integer! the pharmacy's entry of the medicine
            poe_id            text     the provider order behind the prescription
            poe_seq           integer  counts the patient's orders
            order_provider_id text     the provider who ordered it (de-identified)
            starttime         datetime when the medicine starts
            stoptime          datetime when the medicine stops
            drug_type         text!    part of the prescription: MAIN, BASE (the fluid) or ADDITIVE
            drug              text!    the medicine's name
            formulary_drug_cd text     the medicine's code in the hospital's formulary
            gsn               text     generic sequence numbers of the medicine
            ndc               text     national drug code with 11 digits; 0 where none is known
            prod_strength     text     strength and form of the product
            form_rx           text     the form in which it was prescribed, such as tablet or vial
            dose_val_rx       text     the prescribed dose, over the time of the prescription
            dose_unit_rx      text     unit of dose_val_rx
            form_val_disp     text     how much of the form is dispensed for a dose
            form_unit_disp    text     unit of form_val_disp
            doses_per_24_hrs  real     doses in 24 hours
            route             text     how it is given: oral, intravenous, ...
        """),
        key=("pharmacy_id", "drug_type", "drug"),
        event_time="starttime",
        indexes=(("hadm_id", "starttime"), ("starttime",), ("poe_id",), ("pharmacy_id",)),
    ),
    Table(
        "hosp",
        "procedures_icd",
        "Procedures billed for a hospital stay.",
        columns("""
            subject_id  integer! the patient
            hadm_id     integer! the hospital stay
            seq_num     integer! rank of the procedure in this stay
            chartdate   date!    day of the procedure
            icd_code    text     the ICD procedure code, without dot
            icd_version integer  9 or 10: the revision that the code belongs to
        """),
        key=("hadm_id", "seq_num"),
        event_time="chartdate",
        indexes=(("hadm_id", "chartdate"), ("chartdate",)),
        labels=(Label(("icd_code", "icd_version"), "d_icd_procedures", "long_title"),),
    ),
    Table(
        "hosp",
        "provider",
        "The list of provider identifiers.",
        columns("""
            provider_id text! a provider (de-identified)
        """),
        key=("provider_id",),
    ),
    Table(
        "hosp",
        "services",
        "The hospital service that cared for the patient, and its changes.",
        columns("""
            subject_id   integer!  the patient
            hadm_id      integer!  the hospital stay
            transfertime datetime! when the service changed
            prev_service text      the service before, by its abbreviation; NULL at the stay's first
            curr_service text      the service from then on, by its abbreviation
        """),
        key=("hadm_id", "transfertime", "curr_service"),
        event_time="transfertime",
        indexes=(("hadm_id", "transfertime"), ("transfertime",)),
    ),
    Table(
        "hosp",
        "transfers",
        "Where the patient was: emergency department, wards, units, discharge.",
        columns("""
            subject_id  integer! the patient
            hadm_id     integer  the hospital stay; NULL for visits to the emergency department without admission
            transfer_id integer! the stay in one unit; one row each
            eventtype   text     what happened: ed, admit, transfer or discharge
            careunit    text     the unit that the patient came to
            intime      datetime when the patient came to the unit
            outtime     datetime when the patient left the unit; NULL for a discharge
        """),
        key=("transfer_id",),
        event_time="intime",
        indexes=(("hadm_id", "intime"), ("intime",)),
    ),
)
