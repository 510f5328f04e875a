"""EHRXQA's gold database, as its builder writes it: MIMIC-IV with fewer columns, times shifted a patient at a time.

The allow-list of the EHRXQA patient databases: what is not named here is not read. `tb_cxr_plus` and the relations of
objects and attributes hold the answers and are left out, as is `patients.dod`. Columns are those of EHRXQA's
preprocessing and of the published databases; `image_path`, `report_path` and, in builds without them, `split` and
`stay_id` are not the source's: the paths are written here for every study, whatever files are on disk.
"""

from __future__ import annotations

from clinseek_assets.mimic.tables import Label, Table, columns

_ICD = "a billed code; its title is in"
_OPTIONAL = ("row_id",)


def _table(
    name: str,
    description: str,
    block: str,
    event_time: str | None = None,
    labels: tuple[Label, ...] = (),
    optional: tuple[str, ...] = _OPTIONAL,
    indexes: tuple[tuple[str, ...], ...] = (),
) -> Table:
    return Table(
        "ehrxqa", name, description, columns(block), ("row_id",), event_time, indexes, labels=labels, optional=optional
    )


TABLES = (
    _table(
        "admissions",
        "One row a hospital admission.",
        """
            row_id             integer   number of the row in EHRXQA's table
            subject_id         integer!  the patient
            hadm_id            integer!  the hospital stay
            admittime          datetime! when the patient was admitted
            dischtime          datetime  when the patient was discharged
            admission_type     text      urgency of the admission
            admission_location text      where the patient came from
            discharge_location text      where the patient went
            insurance          text      who pays
            language           text      the patient's language
            marital_status     text      marital status
            age                integer   age at admission, in years
        """,
        "admittime",
        indexes=(("hadm_id",),),
    ),
    _table(
        "chartevents",
        "Nine vital signs and measures charted at the ICU bedside.",
        """
            row_id     integer   number of the row in EHRXQA's table
            subject_id integer!  the patient
            hadm_id    integer   the hospital stay
            stay_id    integer   the ICU stay
            charttime  datetime! when it was observed
            itemid     integer!  the item that was charted; its name is in d_items
            valuenum   real      what was charted, as a number
            valueuom   text      unit of the value
        """,
        "charttime",
        (Label(("itemid",), "d_items", "label"),),
        indexes=(("itemid", "charttime"),),
    ),
    _table(
        "cost",
        "What was charged for a diagnosis, a laboratory test, a procedure or a prescription (made up by EHRXQA).",
        """
            row_id     integer   number of the row in EHRXQA's table
            subject_id integer!  the patient
            hadm_id    integer   the hospital stay
            event_type text      the table of what was charged for
            event_id   integer   the row_id there
            chargetime datetime! when it was charged: the time of what it is for
            cost       real      the amount
        """,
        "chargetime",
        indexes=(("event_type", "event_id"),),
    ),
    _table(
        "d_icd_diagnoses",
        "Dictionary of ICD diagnosis codes.",
        """
            row_id     integer number of the row in EHRXQA's table
            icd_code   text!   the code
            long_title text!   its title
        """,
    ),
    _table(
        "d_icd_procedures",
        "Dictionary of ICD procedure codes.",
        """
            row_id     integer number of the row in EHRXQA's table
            icd_code   text!   the code
            long_title text!   its title
        """,
    ),
    _table(
        "d_items",
        "Dictionary of ICU items.",
        """
            row_id       integer  number of the row in EHRXQA's table
            itemid       integer! the item
            label        text!    the item's name
            abbreviation text     the item's short name
            linksto      text     the table that the item is charted in
        """,
    ),
    _table(
        "d_labitems",
        "Dictionary of laboratory tests.",
        """
            row_id integer  number of the row in EHRXQA's table
            itemid integer! the test
            label  text!    its name
        """,
    ),
    _table(
        "diagnoses_icd",
        "Diagnoses billed for a hospital stay.",
        f"""
            row_id     integer  number of the row in EHRXQA's table
            subject_id integer! the patient
            hadm_id    integer! the hospital stay
            icd_code   text!    {_ICD} d_icd_diagnoses
            charttime  datetime the admission's begin, by EHRXQA's assumption: long before the code was billed
        """,
        "charttime",
        (Label(("icd_code",), "d_icd_diagnoses", "long_title"),),
    ),
    _table(
        "icustays",
        "One row an ICU stay.",
        """
            row_id         integer   number of the row in EHRXQA's table
            subject_id     integer!  the patient
            hadm_id        integer!  the hospital stay
            stay_id        integer!  the ICU stay
            first_careunit text      the unit of the stay's begin
            last_careunit  text      the unit of the stay's end
            intime         datetime! when the patient came to the ICU
            outtime        datetime  when the patient left it
        """,
        "intime",
        indexes=(("stay_id",),),
    ),
    _table(
        "inputevents",
        "Fluids given in the ICU, in ml.",
        """
            row_id     integer   number of the row in EHRXQA's table
            subject_id integer!  the patient
            hadm_id    integer   the hospital stay
            stay_id    integer   the ICU stay
            starttime  datetime! when it was begun
            itemid     integer!  what was given; its name is in d_items
            amount     real      how much was given in all, in ml
        """,
        "starttime",
        (Label(("itemid",), "d_items", "label"),),
    ),
    _table(
        "labevents",
        "Laboratory results with a number and a unit, of admissions.",
        """
            row_id     integer   number of the row in EHRXQA's table
            subject_id integer!  the patient
            hadm_id    integer   the hospital stay
            itemid     integer!  the test; its name is in d_labitems
            charttime  datetime! when the specimen was taken
            valuenum   real      the result
            valueuom   text      its unit
        """,
        "charttime",
        (Label(("itemid",), "d_labitems", "label"),),
        indexes=(("itemid", "charttime"),),
    ),
    _table(
        "microbiologyevents",
        "Cultures of admissions: specimens, tests, organisms found.",
        """
            row_id         integer   number of the row in EHRXQA's table
            subject_id     integer!  the patient
            hadm_id        integer   the hospital stay
            charttime      datetime! when the specimen was taken
            spec_type_desc text      the kind of specimen
            test_name      text      the test
            org_name       text      the organism found, if any
        """,
        "charttime",
    ),
    _table(
        "outputevents",
        "Output measured in the ICU, in ml.",
        """
            row_id     integer   number of the row in EHRXQA's table
            subject_id integer!  the patient
            hadm_id    integer   the hospital stay
            stay_id    integer   the ICU stay
            charttime  datetime! when it was measured
            itemid     integer!  what was measured; its name is in d_items
            value      real      how much, in ml
        """,
        "charttime",
        (Label(("itemid",), "d_items", "label"),),
    ),
    _table(
        "patients",
        "One row a patient: sex and date of birth (its day and month are made up by EHRXQA).",
        """
            row_id     integer  number of the row in EHRXQA's table
            subject_id integer! the patient
            gender     text     sex
            dob        datetime date of birth
        """,
    ),
    _table(
        "prescriptions",
        "Prescribed medicines.",
        """
            row_id       integer   number of the row in EHRXQA's table
            subject_id   integer!  the patient
            hadm_id      integer!  the hospital stay
            starttime    datetime! when it was to begin
            stoptime     datetime  when it was to end
            drug         text!     the medicine
            dose_val_rx  real      the dose
            dose_unit_rx text      its unit
            route        text      how it was given
        """,
        "starttime",
    ),
    _table(
        "procedures_icd",
        "Procedures billed for a hospital stay.",
        f"""
            row_id     integer  number of the row in EHRXQA's table
            subject_id integer! the patient
            hadm_id    integer! the hospital stay
            icd_code   text!    {_ICD} d_icd_procedures
            charttime  datetime the day of the procedure, or the discharge where the day lies outside the stay
        """,
        "charttime",
        (Label(("icd_code",), "d_icd_procedures", "long_title"),),
    ),
    _table(
        "tb_cxr",
        "The patient's chest X-ray studies: one image a study.",
        """
            row_id        integer   number of the row in EHRXQA's table
            subject_id    integer!  the patient
            study_id      integer!  the study
            studydatetime datetime! when the study was made
            split         text      the part of EHRXQA that the study belongs to
            image_id      text!     the image
            image_path    text      where the image lies in MIMIC-CXR-JPG
            viewposition  text      the view: AP or PA
            hadm_id       integer   the hospital stay
            stay_id       integer   the ICU stay
            report_path   text      where the report lies in MIMIC-CXR
        """,
        "studydatetime",
        optional=("row_id", "split", "image_path", "hadm_id", "stay_id", "report_path"),
        indexes=(("study_id",),),
    ),
    _table(
        "transfers",
        "Where the patient was in the hospital.",
        """
            row_id      integer   number of the row in EHRXQA's table
            subject_id  integer!  the patient
            hadm_id     integer   the hospital stay
            transfer_id integer!  the transfer
            eventtype   text      admit, transfer, ED or discharge
            careunit    text      the unit
            intime      datetime! when the patient came to the unit
            outtime     datetime  when the patient left it
        """,
        "intime",
    ),
)
