"""Classes of codes against AHRQ's published classes and the forms that codes come in."""

import csv
import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.code_classes import (
    AtcEntry,
    CodeClass,
    ccs_of_diagnoses,
    ccs_of_procedures,
    icd_key,
    normalised_ndc,
    read_atc_classes,
)

APPENDIX_B = """Appendix B - Clinical Classification Software-PROCEDURES

Revised 03/24/2016

1    Incision and excision of CNS
     0101 0109 0121

44   Coronary artery bypass graft (CABG)
     3610 3611
     3612
"""


@pytest.mark.parametrize(
    ("code", "version", "category", "name"),
    [
        ("4280", 9, "108", "Congestive heart failure; nonhypertensive"),
        ("I509", 10, "108", "Congestive heart failure; nonhypertensive"),
        ("0389", 9, "2", "Septicemia (except in labor)"),
        ("A419", 10, "2", "Septicemia (except in labor)"),
        ("25000", 9, "49", "Diabetes mellitus without complication"),
        ("E119", 10, "49", "Diabetes mellitus without complication"),
        ("V5861", 9, "257", "Other aftercare"),
        ("3320", 9, "79", "Parkinson`s disease"),  # AHRQ writes it so
        ("E8859", 9, "2603", "External cause codes: Fall"),
        ("31401", 9, "652", "Attention-deficit conduct and disruptive behavior disorders"),
    ],
)
def test_diagnoses_have_the_classes_that_ahrq_published(code, version, category, name):
    assert ccs_of_diagnoses()[code, version] == CodeClass(category, name)


def test_a_class_has_one_name_whatever_the_version():
    for classes in (ccs_of_diagnoses(), ccs_of_procedures()):
        names = {}
        for category in classes.values():
            assert names.setdefault(category.code, category.name) == category.name
            assert category.name == category.name.strip("'\" ")
            assert "  " not in category.name


def test_icd10_procedures_have_classes_and_icd9_procedures_need_a_file(tmp_path):
    assert ccs_of_procedures()["0210093", 10] == CodeClass("44", "Coronary artery bypass graft (CABG)")
    assert not any(version == 9 for _, version in ccs_of_procedures())
    path = tmp_path / "AppendixBSinglePR.txt"
    path.write_text(APPENDIX_B)
    given_too = ccs_of_procedures(path)
    assert given_too["3612", 9] == CodeClass("44", "Coronary artery bypass graft (CABG)")
    assert given_too["0101", 9].code == "1"
    assert sum(version == 9 for _, version in given_too) == 6


@pytest.mark.parametrize(
    "text", ["", "icd_code,ccs\n3612,44\n", "1    A class\n     36.12\n", "     3612 3613\n"], ids=range(4)
)
def test_what_is_no_classification_is_refused(tmp_path, text):
    path = tmp_path / "classes.txt"
    path.write_text(text)
    with pytest.raises(SourceFault, match=r"classes\.txt is not a single-level CCS file"):
        ccs_of_procedures(path)


def test_codes_are_looked_up_without_dot_and_spaces():
    assert icd_key(" i50.9 ") == "I509"


@pytest.mark.parametrize(
    ("written", "ndc"),
    [
        ("00071015523", "00071015523"),
        ("71015523", "00071015523"),
        ("71015523.0", "00071015523"),
        ("0071-0155-23", "00071015523"),  # 4-4-2
        ("50580-449-05", "50580044905"),  # 5-3-2
        ("60575-4112-1", "60575411201"),  # 5-4-1
        (" 00071-0155-23 ", "00071015523"),  # 5-4-2
        ("0", None),
        ("", None),
        ("123456789012", None),
        ("1234-56", None),
        ("12-34-56-78", None),
        ("1234567-8-9", None),
        ("٠٧١٠١٥٥٢٣", None),
        ("7101552.3", None),
    ],
)
def test_an_ndc_has_11_digits_whichever_way_it_is_written(written, ndc):
    assert normalised_ndc(written) == ndc


@given(st.integers(1, 10**11 - 1))
def test_every_ndc_is_kept_by_being_normalised_again(number):
    once = normalised_ndc(str(number))
    assert once is not None
    assert int(once) == number
    assert normalised_ndc(once) == once


def test_an_atc_file_is_read_sorted_and_without_doubles(tmp_path):
    path = tmp_path / "atc.csv"
    path.write_text(
        "name,ndc,atc_code,atc_name,remark\n"
        "Metformin,0071-0155-23,a10ba,Biguanides,x\n"
        '"Lipitor, 10 mg",00003,C10AA,HMG CoA  reductase inhibitors,\n'
        "Metformin,71015523,A10BA,Biguanides,y\n",
        encoding="utf-8-sig",
    )
    assert read_atc_classes(path) == [
        AtcEntry("00000000003", "Lipitor, 10 mg", "C10AA", "HMG CoA reductase inhibitors"),
        AtcEntry("00071015523", "Metformin", "A10BA", "Biguanides"),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("abc,Metformin,A10BA,Biguanides", "line 3: the ndc"),
        ("0,Metformin,A10BA,Biguanides", "line 3: the ndc"),
        ("123,Metformin,10BA,Biguanides", "line 3: the atc_code"),
        ("123,,A10BA,Biguanides", "line 3: the name"),
        ("123,Metformin,A10BA", "line 3: the name or the atc_name"),
    ],
)
def test_a_line_that_is_no_entry_is_named(tmp_path, row, reason):
    path = tmp_path / "atc.csv"
    path.write_text(f"ndc,name,atc_code,atc_name\n1,Metformin,A10BA,Biguanides\n{row}\n")
    with pytest.raises(SourceFault, match=reason):
        read_atc_classes(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"ndc,name,atc\n1,a,A10\n",
        b"ndc,name,atc_code,atc_name\n1,\xff,A10,b\n",
        b'ndc,name,atc_code,atc_name\n"1,a',
    ],
)
def test_a_file_that_is_no_table_of_classes_is_refused(tmp_path, content):
    path = tmp_path / "atc.csv"
    path.write_bytes(content)
    with pytest.raises(SourceFault, match=r"atc\.csv"):
        read_atc_classes(path)


def test_the_demo_s_diagnoses_and_icd10_procedures_have_classes():
    root = os.environ.get("MIMIC_DEMO_ROOT")
    if not root:
        pytest.skip("MIMIC_DEMO_ROOT is not set")
    classes = {"diagnoses_icd": ccs_of_diagnoses(), "procedures_icd": ccs_of_procedures()}
    for (table, version), least in {
        ("diagnoses_icd", 9): 0.99,
        ("diagnoses_icd", 10): 0.99,
        ("procedures_icd", 10): 0.99,
    }.items():
        with gzip.open(Path(root) / "hosp" / f"{table}.csv.gz", "rt") as stream:
            codes = [row["icd_code"] for row in csv.DictReader(stream) if row["icd_version"] == str(version)]
        assert sum((icd_key(code), version) in classes[table] for code in codes) / len(codes) >= least
