"""MIMIC-IV-Note 2.2: discharge summaries and radiology reports."""

from __future__ import annotations

from clinseek_assets.mimic.tables import Table, columns

TABLES = (
    Table(
        "note",
        "discharge",
        "Discharge summaries.",
        columns("""
            note_id    text!
            subject_id integer!
            hadm_id    integer
            note_type  text!
            note_seq   integer!
            charttime  datetime!
            storetime  datetime
            text       text!
        """),
        key=("note_id",),
        event_time="charttime",
        indexes=(("hadm_id",), ("charttime",), ("note_id",)),
    ),
    Table(
        "note",
        "discharge_detail",
        "Authorship of discharge summaries.",
        columns("""
            note_id       text!
            subject_id    integer!
            field_name    text!
            field_value   text!
            field_ordinal integer!
        """),
        key=("note_id", "field_name", "field_ordinal"),
        indexes=(("note_id",),),
    ),
    Table(
        "note",
        "radiology",
        "Radiology reports.",
        columns("""
            note_id    text!
            subject_id integer!
            hadm_id    integer
            note_type  text!
            note_seq   integer!
            charttime  datetime!
            storetime  datetime
            text       text!
        """),
        key=("note_id",),
        event_time="charttime",
        indexes=(("hadm_id",), ("charttime",), ("note_id",)),
    ),
    Table(
        "note",
        "radiology_detail",
        "Exam names, codes and links of radiology reports.",
        columns("""
            note_id       text!
            subject_id    integer!
            field_name    text!
            field_value   text!
            field_ordinal integer!
        """),
        key=("note_id", "field_name", "field_ordinal"),
        indexes=(("note_id",),),
    ),
)
