"""Set metrics in `compat` against a naive oracle, written from the published rules and nothing else."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinseek_assets.benchmark.vocabularies import CHEXPERT_LABELS, PHENOTYPES
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.scoring.multimodal.rules import PublishedRouting
from clinseek_assets.scoring.rules import Given
from clinseek_assets_tests.scoring.multimodal.cases import question

ROWS = 2_000
STRANGE = (
    "",
    "  ",
    "heart  failure",
    "heart failure",
    "HEART FAILURE ",
    "\tEdema",
    "edema\n",
    "ödem",
    "ÖDEM",
    "İ",
    "ß",
)
NAMES = (*CHEXPERT_LABELS, *PHENOTYPES, *STRANGE)


def oracle(predicted: list[str], gold: list[str], *, mapped: bool) -> tuple[float, float, float, float]:
    """Precision, recall, F1 and subset match of two lists of names, item by item."""

    def normal(text: str) -> str:
        text = text.strip().lower()
        if mapped:
            text = " ".join(text.split())
        return text

    ours: list[str] = []
    for name in predicted:
        if normal(name) and normal(name) not in ours:
            ours.append(normal(name))
    theirs: list[str] = []
    for name in gold:
        if normal(name) and normal(name) not in theirs:
            theirs.append(normal(name))
    hits = 0
    for name in ours:
        for other in theirs:
            if name == other:
                hits += 1
    precision = hits / len(ours) if ours else 0.0
    recall = hits / len(theirs) if theirs else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return precision, recall, f1, 1.0 if sorted(ours) == sorted(theirs) else 0.0


def agrees(gold: list[str], predicted: list[str], task: str) -> bool:
    asked = question([{"name": name} for name in gold], task)
    (made,) = PublishedRouting().scores([Given(asked, tuple(predicted), Outcome.FINISHED)])
    assert made.decided_by == "set"
    return tuple(made.figures) == pytest.approx(oracle(predicted, gold, mapped=True)) and tuple(
        made.raw
    ) == pytest.approx(oracle(predicted, gold, mapped=False))


def disturbed(name: str, chance: random.Random) -> str:
    changes = (
        str,
        str.upper,
        str.lower,
        lambda text: f" {text}",
        lambda text: text.replace(" ", "  "),
        lambda text: text[:-1],
    )
    return chance.choice(changes)(name)


def test_two_thousand_rows_agree_with_the_oracle() -> None:
    chance = random.Random(20260704)
    disagreeing, kinds = 0, set()
    for _ in range(ROWS):
        task, vocabulary = chance.choice(
            [("medmod_radiology", CHEXPERT_LABELS), ("medmod_phenotyping", PHENOTYPES), ("ehrxqa_image", NAMES[:-11])]
        )
        gold = chance.choices(vocabulary, k=chance.randint(2, 8))
        kept = [name for name in gold if chance.random() < 0.6]
        predicted = [disturbed(name, chance) for name in (*kept, *chance.choices(NAMES, k=chance.randint(0, 5)))]
        chance.shuffle(predicted)
        disagreeing += not agrees(gold, predicted, task)
        precision, recall, _, match = oracle(predicted, gold, mapped=True)
        kinds.add((0 < precision < 1, 0 < recall < 1, match, bool(predicted)))
    assert disagreeing == 0
    assert len(kinds) > 5  # right, wrong, half right, more than right and empty answers were all among them


TEXTS = st.one_of(st.sampled_from(NAMES), st.text(max_size=6))


@given(
    gold=st.lists(TEXTS.filter(lambda text: bool(text.strip())), min_size=2, max_size=6),
    predicted=st.lists(TEXTS, max_size=6),
)
@settings(max_examples=300)
def test_any_texts_agree_with_the_oracle(gold: list[str], predicted: list[str]) -> None:
    assert agrees(gold, predicted, "ehrxqa_image")
