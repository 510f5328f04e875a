"""Which of the six reported groups a row belongs to.

The published assignment was made once by a language model, row by row, and is not public. This rule takes MedMod's rows
by their task and EHRXQA's by the wording of the question itself: a comparison of two studies wins over a list, a list
over everything else. A release may bring corrections in a file keyed by qid; how far the counts then are from the
published 177/220/222/125/125/120 is reported (`review.py`).
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from clinseek_assets.benchmark.groups import GROUPS, TASKS
from clinseek_assets.faults import ManifestFault

OVERRIDES_FILE = "multimodal_groups.csv"
HEADER = ["qid", "group"]

_QUESTION = re.compile(r"^<question>\s*(.*?)\s*</question>", re.DOTALL | re.MULTILINE)
_STUDY_ID = re.compile(r"\b5\d{7}\b")
_COMPARES = re.compile(
    r"""\b(?:compar\w+ (?:to|with)|relative to|in relation to|versus
        |still|newly|new\s+(?:finding|abnormalit|disease|device|tube|line)\w*|no\s+longer|any\s*more
        |chang(?:e|ed|es|ing)|resolv(?:e|ed|es|ing)|disappear(?:ed|s)?|persist\w*|worsen\w*|improv\w+
        |(?:previous|prior|earlier|preceding)\s+(?:\w+\s+){0,3}(?:study|studies|x-?rays?)
        |(?:two|both)\s+(?:\w+\s+){0,3}(?:studies|x-?rays)
        |difference|differ(?:s|ent)?|appear(?:ed)?\s+since|since\s+the)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_LISTS = re.compile(
    r"""\b(?:list|enumerate|name\s+(?:all|every|each|the)|identify\s+(?:all|every|each)|provide\s+(?:a\s+list|all)
        |(?:what|which)\s+are\s+(?:all|the)|all\s+(?:of\s+)?(?:the\s+)?(?:\w+\s+){0,4}(?:that|in|on|seen|present|found|shown)
        |(?:what|which)\s+(?:[\w-]+\s+){0,6}are)\b""",
    re.IGNORECASE | re.VERBOSE,
)


def group_of(task: str, question: str) -> str:
    """The group of a row.

    Args:
        task: the released task.
        question: the released question text; of its tagged blocks only `question` is looked at.
    """
    if fixed := TASKS[task].group:
        return fixed
    asked = inner_question(question)
    if len(set(_STUDY_ID.findall(asked))) > 1 or _COMPARES.search(asked):
        return "change_comparison"
    return "finding_enumeration" if _LISTS.search(asked) else "finding_presence"


def inner_question(question: str) -> str:
    """The question itself: what the `question` block holds; the whole text where there is no such block."""
    found = _QUESTION.search(question)
    return found[1] if found else question.strip()


def read_overrides(path: Path) -> dict[str, str]:
    """qid -> group, out of a CSV file with the columns qid,group; nothing where there is no file.

    Raises:
        ManifestFault: it has other columns, names no group of the six, or a qid twice.
    """
    if not path.is_file():
        return {}
    mend = f"Write one line a qid: qid,group, with a group of {', '.join(GROUPS)}; or remove the file."
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestFault(f"{path} cannot be read ({type(error).__name__}).", mend=mend) from None
    if not rows or rows[0] != HEADER:
        raise ManifestFault(f"{path} does not begin with the line qid,group.", mend=mend)
    overrides: dict[str, str] = {}
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(HEADER) or row[1] not in GROUPS:
            raise ManifestFault(f"{path}, line {number}: this is no qid with one of the six groups.", mend=mend)
        if row[0] in overrides:
            raise ManifestFault(f"{path}, line {number}: this qid stands in an earlier line.", mend=mend)
        overrides[row[0]] = row[1]
    return overrides
