"""What a question about chest X-rays asks for, read from its wording.

EHRXQA's questions are made of templates and then worded freely: whether something is there (an attribute, a category,
anything abnormal; at a place or anywhere; one or both of two), which of two it is, a list of what or where, and each of
these as what changed between two studies. What is not understood is taken for a list of all findings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from clinseek_assets.benchmark.multimodal.grouping import inner_question
from clinseek_assets.models.baselines.multimodal.xray_words import Attribute, Place, xray_words

Form = Literal["yes_no", "choice", "list"]
Change = Literal["new", "resolved", "unchanged", "worse", "better", "changed"]

# «Given the study 5…, is there …», «In study 5…, does …», «Compared to study 5…, is …»
LEADING = re.compile(r"^(?:given|in|on|for|from|compared|between|based|considering|looking)\b[^,?]*,\s*", re.IGNORECASE)
POLAR = re.compile(r"^(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would|should)\b", re.IGNORECASE)
CHOICE = re.compile(r"^(?:which|what|where)\b.*\bor\b", re.IGNORECASE | re.DOTALL)
PLACES = re.compile(r"\b(?:anatomical\s+(?:location|place|region|structure)s?|locations?|where|places?|zones?)\b")
HEART = re.compile(r"\b(?:heart|cardiac)\b.*\bthorax\b|\bcardiothoracic\b")
MEDIASTINUM = re.compile(r"\bmediastin\w+\b.*\bthorax\b")
ABNORMAL = re.compile(r"\babnormal(?:ity|ities)?\b")
CHANGES: tuple[tuple[Change, re.Pattern[str]], ...] = (
    ("resolved", re.compile(r"\bresolv\w+|\bno\s+longer\b|\bdisappear\w*|\bcleared\b|\bgone\b|\bany\s*more\b")),
    (
        "unchanged",
        re.compile(
            r"\bstill\b|\bpersist\w*|\bremain\w*|\bunchanged\b|\bdid\s+not\s+change\b|\bnot\s+changed\b|\bno\s+change\b"
        ),
    ),
    ("new", re.compile(r"\bnew(?:ly)?\b|\bappear(?:ed)?\b|\bdevelop\w*|\bemerg\w+")),
    ("worse", re.compile(r"\bworse\w*|\bincreas\w+|\bprogress\w+|\blarger\b")),
    ("better", re.compile(r"\bimprov\w+|\bdecreas\w+|\bsmaller\b|\bbetter\b")),
    ("changed", re.compile(r"\bchang\w+|\bdiffer\w*")),
)
BOTH = re.compile(r"\bboth\b|\band\b")


@dataclass(frozen=True)
class XrayQuestion:
    """What is asked.

    Attributes:
        form: yes or no, one (or both) of two named things, or a list.
        wants_places: whether places are the answer, rather than attributes.
        attributes, places: those that it names.
        categories: the categories that it names; empty where it names none.
        change: what is asked of two studies, or None.
        both: whether all that is named has to be there, rather than any of it.
        abnormal: whether it asks for anything abnormal.
    """

    form: Form
    wants_places: bool
    attributes: tuple[Attribute, ...]
    places: tuple[Place, ...]
    categories: frozenset[str]
    change: Change | None
    both: bool
    abnormal: bool


def read_question(text: str, *, compares: bool) -> XrayQuestion:
    """Read a released question text.

    Args:
        text: with its tagged blocks, or the question alone.
        compares: whether it belongs to the group of comparisons.
    """
    words = xray_words()
    asked = inner_question(text).strip()
    said = asked.casefold()
    main = LEADING.sub("", asked)
    form: Form = "yes_no" if POLAR.match(main) else "choice" if CHOICE.match(main) else "list"
    attributes = words.attributes_in(said)
    if form == "yes_no" and (measured := _measured(said)):
        attributes = [words.attributes[measured]]
    places = words.places_in(said)
    return XrayQuestion(
        form=form,
        wants_places=_wants_places(form, said, places),
        attributes=tuple(attributes),
        places=tuple(places),
        categories=frozenset(words.categories_in(said)),
        change=next((change for change, pattern in CHANGES if pattern.search(said)), "changed") if compares else None,
        both=BOTH.search(said) is not None,
        abnormal=ABNORMAL.search(said) is not None,
    )


def _measured(said: str) -> str | None:
    """The attribute that a question about widths stands for."""
    if MEDIASTINUM.search(said):
        return "mediastinal widening"
    return "enlarged cardiac silhouette" if HEART.search(said) else None


def _wants_places(form: Form, said: str, places: list[Place]) -> bool:
    if form == "choice":
        return len(places) > 1
    return form == "list" and PLACES.search(said) is not None and not places
