"""MIMIC-IV-Note 2.2: discharge summaries and radiology reports."""

from __future__ import annotations

from clinseek_assets.mimic.tables import Table, columns

TABLES = (
    Table(
        "note",
        "discharge",
        "Discharge summaries.",
        columns("""
            note_id    text!     the note; one row each: subject_id, note_type and note_seq with hyphens
            subject_id integer!  the patient
            hadm_id    integer   the hospital stay that is summed up
            note_type  text!     DS for a summary, AD for an addendum
            note_seq   integer!  counts the patient's notes of this kind
            charttime  datetime! the day of discharge, at midnight
            storetime  datetime  when the note was stored
            text       text!     the note (de-identified)
        """),
        key=("note_id",),
        event_time="charttime",
        indexes=(("hadm_id", "charttime"), ("charttime",), ("note_id",)),
    ),
    Table(
        "note",
        "discharge_detail",
        "Authorship of discharge summaries.",
        columns("""
            note_id       text!    the note
            subject_id    integer! the patient
            field_name    text!    what the detail is about: author
            field_value   text!    the detail (de-identified)
            field_ordinal integer! counts the note's details of one kind
        """),
        key=("note_id", "field_name", "field_ordinal"),
        indexes=(("note_id",),),
    ),
    Table(
        "note",
        "radiology",
        "Radiology reports.",
        columns("""
            note_id    text!     the note; one row each: subject_id, note_type and note_seq with hyphens
            subject_id integer!  the patient
            hadm_id    integer   the hospital stay, where the exam belongs to one
            note_type  text!     RR for a report, AR for an addendum
            note_seq   integer!  counts the patient's notes of this kind
            charttime  datetime! when the exam took place
            storetime  datetime  when the note was stored
            text       text!     the note (de-identified)
        """),
        key=("note_id",),
        event_time="charttime",
        indexes=(("hadm_id", "charttime"), ("charttime",), ("note_id",)),
    ),
    Table(
        "note",
        "radiology_detail",
        "Exam names, codes and links of radiology reports.",
        columns("""
            note_id       text!    the note
            subject_id    integer! the patient
            field_name    text!    what the detail is about: exam_name, exam_code, parent_note_id, ...
            field_value   text!    the detail
            field_ordinal integer! counts the note's details of one kind
        """),
        key=("note_id", "field_name", "field_ordinal"),
        indexes=(("note_id",),),
    ),
)
