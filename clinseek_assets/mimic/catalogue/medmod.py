"""MedMod's extracted folders (`data_full/root/<split>/<subject_id>/`), and the X-rays that its questions link.

The allow-list of the MedMod patient databases: what is not named here is not read. Of `stays.csv` the outcomes are left
out (outtime, los, dischtime, deathtime, dod, mortality, mortality_inunit, mortality_inhospital), and `diagnoses.csv`,
episodes and the label tables beside the folders are not read at all. `tb_cxr` is made here, of the rows' linked images
and the metadata of MIMIC-CXR-JPG.
"""

from __future__ import annotations

from clinseek_assets.mimic.tables import Label, Table, columns

TABLES = (
    Table(
        "medmod",
        "events",
        "What was charted and measured in the admission of an ICU stay: vital signs, laboratory results, output.",
        columns("""
            subject_id integer!  the patient
            hadm_id    integer   the hospital stay
            stay_id    integer   the ICU stay
            charttime  datetime! when it was observed, or the specimen taken
            itemid     integer!  the item; its name is in items
            value      text      what was charted, as text
            valuenum   real      what was charted as a number, where it is one
        """),
        key=(),
        event_time="charttime",
        indexes=(("itemid", "charttime"),),
        labels=(Label(("itemid",), "items", "label"),),
    ),
    Table(
        "medmod",
        "stays",
        "One row an ICU stay that a question asks about.",
        columns("""
            subject_id    integer!  the patient
            hadm_id       integer!  the hospital stay
            stay_id       integer!  the ICU stay
            last_careunit text      the unit, the same from begin to end in MedMod's cohort
            intime        datetime! when the patient came to the ICU
            admittime     datetime  when the patient was admitted to the hospital
            ethnicity     text      race, as older versions of MIMIC-IV call it
            race          text      race
            gender        text      sex
            anchor_age    real      age in the anchor year
            age           real      age, as MedMod takes it
        """),
        key=("stay_id",),
        event_time="intime",
        indexes=(("stay_id",),),
        optional=("last_careunit", "admittime", "ethnicity", "race", "gender", "anchor_age", "age"),
    ),
    Table(
        "medmod",
        "tb_cxr",
        "The chest X-rays that the patient's questions link.",
        columns("""
            subject_id    integer!  the patient
            study_id      integer!  the study
            studydatetime datetime! when the study was made
            split         text      the part of MedMod that the study belongs to
            image_id      text!     the image
            image_path    text!     where the image lies in MIMIC-CXR-JPG
            viewposition  text      the view: AP or PA
            hadm_id       integer   the hospital stay
            stay_id       integer   the ICU stay
        """),
        key=("study_id", "image_id", "stay_id"),
        event_time="studydatetime",
        indexes=(("study_id",),),
    ),
)
