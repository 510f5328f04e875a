"""The hosp module of MIMIC-IV 3.1: what the hospital-wide record holds."""

from __future__ import annotations

from clinseek_assets.mimic.tables import Label, Table, columns

TABLES = (
    Table(
        "hosp",
        "admissions",
        "One row a hospital admission.",
        columns("""
            subject_id           integer!
            hadm_id              integer!
            admittime            datetime!
            dischtime            datetime
            deathtime            datetime
            admission_type       text!
            admit_provider_id    text
            admission_location   text
            discharge_location   text
            insurance            text
            language             text
            marital_status       text
            race                 text
            edregtime            datetime
            edouttime            datetime
            hospital_expire_flag integer
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
            code              text!
            category          integer
            long_description  text
            short_description text
        """),
        key=("code",),
    ),
    Table(
        "hosp",
        "d_icd_diagnoses",
        "Dictionary of ICD diagnosis codes, versions 9 and 10.",
        columns("""
            icd_code    text!
            icd_version integer!
            long_title  text
        """),
        key=("icd_code", "icd_version"),
    ),
    Table(
        "hosp",
        "d_icd_procedures",
        "Dictionary of ICD procedure codes, versions 9 and 10.",
        columns("""
            icd_code    text!
            icd_version integer!
            long_title  text
        """),
        key=("icd_code", "icd_version"),
    ),
    Table(
        "hosp",
        "d_labitems",
        "Dictionary of laboratory tests.",
        columns("""
            itemid   integer!
            label    text
            fluid    text
            category text
        """),
        key=("itemid",),
    ),
    Table(
        "hosp",
        "diagnoses_icd",
        "Diagnoses billed for a hospital stay, in order of importance.",
        columns("""
            subject_id  integer!
            hadm_id     integer!
            seq_num     integer!
            icd_code    text
            icd_version integer
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
            subject_id    integer!
            hadm_id       integer!
            drg_type      text
            drg_code      text!
            description   text
            drg_severity  integer
            drg_mortality integer
        """),
        key=("hadm_id", "drg_type", "drg_code"),
        indexes=(("hadm_id",),),
    ),
    Table(
        "hosp",
        "emar",
        "Medicine administrations recorded at the bedside by barcode.",
        columns("""
            subject_id        integer!
            hadm_id           integer
            emar_id           text!
            emar_seq          integer!
            poe_id            text!
            pharmacy_id       integer
            enter_provider_id text
            charttime         datetime!
            medication        text
            event_txt         text
            scheduletime      datetime
            storetime         datetime!
        """),
        key=("emar_id",),
        event_time="charttime",
        indexes=(("hadm_id",), ("charttime",), ("emar_id",), ("poe_id",), ("pharmacy_id",)),
    ),
    Table(
        "hosp",
        "emar_detail",
        "Details of a medicine administration: doses due and given, product, route.",
        columns("""
            subject_id                           integer!
            emar_id                              text!
            emar_seq                             integer!
            parent_field_ordinal                 text
            administration_type                  text
            pharmacy_id                          integer
            barcode_type                         text
            reason_for_no_barcode                text
            complete_dose_not_given              text
            dose_due                             text
            dose_due_unit                        text
            dose_given                           text
            dose_given_unit                      text
            will_remainder_of_dose_be_given      text
            product_amount_given                 text
            product_unit                         text
            product_code                         text
            product_description                  text
            product_description_other            text
            prior_infusion_rate                  text
            infusion_rate                        text
            infusion_rate_adjustment             text
            infusion_rate_adjustment_amount      text
            infusion_rate_unit                   text
            route                                text
            infusion_complete                    text
            completion_interval                  text
            new_iv_bag_hung                      text
            continued_infusion_in_other_location text
            restart_interval                     text
            side                                 text
            site                                 text
            non_formulary_visual_verification    text
        """),
        key=("emar_id", "parent_field_ordinal"),
        indexes=(("emar_id",), ("pharmacy_id",)),
    ),
    Table(
        "hosp",
        "hcpcsevents",
        "Services billed during a hospital stay.",
        columns("""
            subject_id        integer!
            hadm_id           integer!
            chartdate         date
            hcpcs_cd          text!
            seq_num           integer!
            short_description text
        """),
        key=("hadm_id", "hcpcs_cd", "seq_num"),
        event_time="chartdate",
        indexes=(("hadm_id",), ("chartdate",)),
        labels=(Label(("hcpcs_cd",), "d_hcpcs", "long_description"),),
    ),
    Table(
        "hosp",
        "labevents",
        "Laboratory results.",
        columns("""
            labevent_id       integer!
            subject_id        integer!
            hadm_id           integer
            specimen_id       integer!
            itemid            integer!
            order_provider_id text
            charttime         datetime
            storetime         datetime
            value             text
            valuenum          real
            valueuom          text
            ref_range_lower   real
            ref_range_upper   real
            flag              text
            priority          text
            comments          text
        """),
        key=("labevent_id",),
        event_time="charttime",
        indexes=(("hadm_id",), ("charttime",), ("itemid", "charttime")),
        labels=(Label(("itemid",), "d_labitems", "label"),),
    ),
    Table(
        "hosp",
        "microbiologyevents",
        "Cultures: specimens, tests, organisms found and their sensitivities.",
        columns("""
            microevent_id       integer!
            subject_id          integer!
            hadm_id             integer
            micro_specimen_id   integer!
            order_provider_id   text
            chartdate           datetime!
            charttime           datetime
            spec_itemid         integer!
            spec_type_desc      text!
            test_seq            integer!
            storedate           datetime
            storetime           datetime
            test_itemid         integer
            test_name           text
            org_itemid          integer
            org_name            text
            isolate_num         integer
            quantity            text
            ab_itemid           integer
            ab_name             text
            dilution_text       text
            dilution_comparison text
            dilution_value      real
            interpretation      text
            comments            text
        """),
        key=("microevent_id",),
        event_time="charttime",
        indexes=(("hadm_id",), ("charttime",), ("chartdate",)),
    ),
    Table(
        "hosp",
        "omr",
        "Measurements kept in the outpatient record: weight, height, blood pressure.",
        columns("""
            subject_id   integer!
            chartdate    date!
            seq_num      integer!
            result_name  text!
            result_value text!
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
            subject_id        integer!
            gender            text!
            anchor_age        integer
            anchor_year       integer!
            anchor_year_group text!
            dod               date
        """),
        key=("subject_id",),
    ),
    Table(
        "hosp",
        "pharmacy",
        "Filled medicine orders, as the pharmacy handled them.",
        columns("""
            subject_id        integer!
            hadm_id           integer!
            pharmacy_id       integer!
            poe_id            text
            starttime         datetime
            stoptime          datetime
            medication        text
            proc_type         text!
            status            text
            entertime         datetime!
            verifiedtime      datetime
            route             text
            frequency         text
            disp_sched        text
            infusion_type     text
            sliding_scale     text
            lockout_interval  text
            basal_rate        real
            one_hr_max        text
            doses_per_24_hrs  real
            duration          real
            duration_interval text
            expiration_value  integer
            expiration_unit   text
            expirationdate    datetime
            dispensation      text
            fill_quantity     text
        """),
        key=("pharmacy_id",),
        event_time="entertime",
        indexes=(("hadm_id",), ("entertime",), ("poe_id",), ("pharmacy_id",)),
    ),
    Table(
        "hosp",
        "poe",
        "Orders entered by providers.",
        columns("""
            poe_id                 text!
            poe_seq                integer!
            subject_id             integer!
            hadm_id                integer
            ordertime              datetime!
            order_type             text!
            order_subtype          text
            transaction_type       text
            discontinue_of_poe_id  text
            discontinued_by_poe_id text
            order_provider_id      text
            order_status           text
        """),
        key=("poe_id",),
        event_time="ordertime",
        indexes=(("hadm_id",), ("ordertime",), ("poe_id",)),
    ),
    Table(
        "hosp",
        "poe_detail",
        "Details of a provider order.",
        columns("""
            poe_id      text!
            poe_seq     integer!
            subject_id  integer!
            field_name  text!
            field_value text
        """),
        key=("poe_id", "field_name"),
        indexes=(("poe_id",),),
    ),
    Table(
        "hosp",
        "prescriptions",
        "Prescribed medicines.",
        columns("""
            subject_id        integer!
            hadm_id           integer!
            pharmacy_id       integer!
            poe_id            text
            poe_seq           integer
            order_provider_id text
            starttime         datetime
            stoptime          datetime
            drug_type         text!
            drug              text!
            formulary_drug_cd text
            gsn               text
            ndc               text
            prod_strength     text
            form_rx           text
            dose_val_rx       text
            dose_unit_rx      text
            form_val_disp     text
            form_unit_disp    text
            doses_per_24_hrs  real
            route             text
        """),
        key=("pharmacy_id", "drug_type", "drug"),
        event_time="starttime",
        indexes=(("hadm_id",), ("starttime",), ("poe_id",), ("pharmacy_id",)),
    ),
    Table(
        "hosp",
        "procedures_icd",
        "Procedures billed for a hospital stay.",
        columns("""
            subject_id  integer!
            hadm_id     integer!
            seq_num     integer!
            chartdate   date!
            icd_code    text
            icd_version integer
        """),
        key=("hadm_id", "seq_num"),
        event_time="chartdate",
        indexes=(("hadm_id",), ("chartdate",)),
        labels=(Label(("icd_code", "icd_version"), "d_icd_procedures", "long_title"),),
    ),
    Table(
        "hosp",
        "provider",
        "The list of provider identifiers.",
        columns("""
            provider_id text!
        """),
        key=("provider_id",),
    ),
    Table(
        "hosp",
        "services",
        "The hospital service that cared for the patient, and its changes.",
        columns("""
            subject_id   integer!
            hadm_id      integer!
            transfertime datetime!
            prev_service text
            curr_service text
        """),
        key=("hadm_id", "transfertime", "curr_service"),
        event_time="transfertime",
        indexes=(("hadm_id",), ("transfertime",)),
    ),
    Table(
        "hosp",
        "transfers",
        "Where the patient was: emergency department, wards, units, discharge.",
        columns("""
            subject_id  integer!
            hadm_id     integer
            transfer_id integer!
            eventtype   text
            careunit    text
            intime      datetime
            outtime     datetime
        """),
        key=("transfer_id",),
        event_time="intime",
        indexes=(("hadm_id",), ("intime",)),
    ),
)
