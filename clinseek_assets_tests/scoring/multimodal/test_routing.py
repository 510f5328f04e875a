"""Which way each row goes, and what decides it: cases out of the published rules, written by hand."""

from __future__ import annotations

import pytest

from clinseek_assets.benchmark.vocabularies import CHEXPERT_LABELS, PHENOTYPES
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.scoring.multimodal.rules import STRICT_ROUTING, PublishedRouting
from clinseek_assets_tests.scoring.multimodal.cases import TableJudge, question, score

COMPAT = PublishedRouting()


def named(*names: str) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


@pytest.mark.parametrize(
    ("gold", "answer", "f1"),
    [
        ("yes", ["Yes"], 1),
        ("1", ["yes"], 1),
        ("1", ["TRUE"], 1),
        ("1", ["1"], 1),
        ("0", ["no"], 1),
        ("0", ["false"], 1),
        ("no", ["0"], 1),
        ("1", ["no"], 0),
        ("0", ["yes"], 0),
        ("no", ["yes", "no"], 0),  # answering both ways is no answer
        ("no", [], 0),
        ("no", ["No sign of it"], 0),
        ("no", ["ＮＯ "], 1),
        ("2150-03-04", ["2150/3/4"], 1),
        ("2150-03-04", ["2150-03-04 00:00:00"], 1),
        ("2150-03-04 10:00:00", ["2150-03-04 10:00"], 1),
        ("2150-03-04", ["2150-03-05"], 0),
        ("59990001", ["59990001"], 1),
        ("59990001", ["59990002"], 0),
        ("59990001", ["59990001.0"], 1),
        ("3", ["3.0"], 1),
        ("1,200", ["1200"], 1),
        ("3", ["3", "4"], 0),
        ("3", ["three"], 0),
        ("Edema", [" edema "], 1),
        ("Edema", ["edema", "Pneumonia"], 2 / 3),  # a longer list loses by the metric of sets
        ("Edema", ["pulmonary edema"], 0),
    ],
)
def test_strict_asks_nobody(gold: str, answer: list[str], f1: float) -> None:
    made = score(STRICT_ROUTING, question(named(gold)), *answer)
    assert made.figures is not None
    assert made.figures.f1 == pytest.approx(f1)


def test_strict_takes_a_number_for_a_number_where_one_is_asked_for() -> None:
    asked = question(named("1"), asks="How many devices are seen in the study?")
    assert score(STRICT_ROUTING, asked, "1").figures.f1 == 1
    assert score(STRICT_ROUTING, asked, "yes").figures.f1 == 0
    assert score(COMPAT, asked, "yes").figures.f1 == 1  # published: a gold of 1 is always yes


@pytest.mark.parametrize(("gold", "answer", "f1"), [("1", "Yes.", 1), ("0", "No, there is none.", 1), ("yes", "no", 0)])
def test_compat_decides_yes_and_no_by_rule(gold: str, answer: str, f1: float) -> None:
    judge = TableJudge()
    made = score(PublishedRouting(judge), question(named(gold)), answer)
    assert (made.figures.f1, made.decided_by) == (f1, "rule")
    assert not judge.asked


@pytest.mark.parametrize("answer", ["pulmonary oedema", "No evidence", "the left lung, and edema"])
def test_what_no_rule_can_tell_has_no_score_without_a_judge(answer: str) -> None:
    made = score(COMPAT, question(named("Edema")), answer)
    assert (made.figures, made.decided_by) == (None, "nobody")


def test_the_judge_decides_the_rest_and_is_shown_neither_patient_nor_moment() -> None:
    judge = TableJudge({"pulmonary oedema": True, "Edema | Pneumonia": False})
    rule = PublishedRouting(judge)
    assert score(rule, question(named("Edema")), "pulmonary oedema")[:2] == ((1, 1, 1, 1), "judge")
    assert score(rule, question(named("Edema")), "Edema", "Pneumonia")[:2] == ((0, 0, 0, 0), "judge")
    assert score(rule, question(named("Edema")), "something else")[:2] == (None, "nobody")
    for case in judge.asked:
        assert "19990001" not in case.question and "2150" not in case.question
        assert case.question.startswith("Does the study")
        assert (case.gold, case.kind) == ("Edema", "name")


def test_the_judge_is_asked_once_for_all_rows() -> None:
    judge = TableJudge({"a": True})
    given = [("a", named("Edema")), ("edema", named("Edema")), ("b", named("Effusion", "Edema"))]
    from clinseek_assets.scoring.rules import Given

    made = PublishedRouting(judge).scores([Given(question(gold), (name,), Outcome.FINISHED) for name, gold in given])
    assert [each.decided_by for each in made] == ["judge", "rule", "set"]
    assert len(judge.asked) == 1


@pytest.mark.parametrize("vocabulary", [(CHEXPERT_LABELS, "medmod_radiology"), (PHENOTYPES, "medmod_phenotyping")])
def test_two_names_of_a_closed_vocabulary_are_never_the_same(vocabulary: tuple[tuple[str, ...], str]) -> None:
    names, task = vocabulary
    asked = question(named(names[0]), task)
    assert score(COMPAT, asked, names[0].upper())[:2] == ((1, 1, 1, 1), "rule")
    assert score(COMPAT, asked, names[1])[:2] == ((0, 0, 0, 0), "rule")
    assert score(COMPAT, asked, names[1], names[2])[:2] == ((0, 0, 0, 0), "rule")
    assert score(COMPAT, asked, names[0], names[1]).decided_by == "nobody"
    assert score(COMPAT, question(named(names[0])), names[1]).decided_by == "nobody"  # EHRXQA's names are open


def test_an_empty_answer_is_wrong_and_needs_no_judge() -> None:
    judge = TableJudge()
    rule = PublishedRouting(judge)
    for gold in (["Edema"], ["yes"], ["3"], ["Edema", "Effusion"]):
        assert score(rule, question(gold)).figures.f1 == 0
    assert not judge.asked


def test_repeated_gold_goes_the_way_of_several() -> None:
    asked = question(["Edema", "Edema"])
    made = score(COMPAT, asked, "Edema", "Pneumonia")
    assert made.decided_by == "set"
    assert made.figures == (1 / 2, 1, 2 / 3, 0)
    assert score(STRICT_ROUTING, question(["yes", "Yes"]), "true").figures.f1 == 1


def test_spaces_count_only_before_mapping() -> None:
    made = score(COMPAT, question(named("Pleural Effusion", "Edema")), "pleural  effusion", " EDEMA ", "edema")
    assert made.figures == (1, 1, 1, 1)
    assert made.raw.f1 == pytest.approx(1 / 2)  # {pleural  effusion, edema} beside {pleural effusion, edema}


@pytest.mark.parametrize("label", [named("Edema", "Fracture"), ["Edema", "Fracture"], [{"value": "Edema"}, "Fracture"]])
def test_gold_may_be_objects_or_texts(label: object) -> None:
    assert score(COMPAT, question(label), "Edema", "Fracture").figures.f1 == 1
    assert score(STRICT_ROUTING, question(label), "Edema", "Fracture").figures.f1 == 1


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_the_outcome_says(outcome: Outcome) -> None:
    asked = question(named("yes"))
    strict, compat = (score(rule, asked, "yes", outcome=outcome) for rule in (STRICT_ROUTING, COMPAT))
    if outcome in ("finished", "salvaged"):
        assert strict.figures.f1 == compat.figures.f1 == 1
    else:
        missing = outcome in ("endpoint_failed", "over_budget", "not_run")
        assert strict.figures is None if missing else strict.figures.f1 == 0
        # Published: incomplete is 0 and stays in the mean; only what was never run is not in it.
        assert compat.figures is None if outcome == "not_run" else compat.figures.f1 == 0


class Letters:
    """An encoder by which texts are alike that share many letters."""

    identity = "letters"

    def encode(self, texts):
        import numpy

        vectors = numpy.array([[text.lower().count(chr(97 + n)) for n in range(26)] for text in texts], dtype="float32")
        return vectors / numpy.linalg.norm(vectors, axis=1, keepdims=True)


def test_mapping_is_to_the_fixed_list_and_the_raw_figures_stand_beside() -> None:
    from clinseek_assets.scoring.multimodal.vocabulary_mapping import VocabularyMapping

    rule = PublishedRouting(mapping=VocabularyMapping(Letters()))
    asked = question(named("Pleural Effusion", "Edema"), "medmod_radiology")
    made = score(rule, asked, "pleural effusions", "edemas", "zzz")
    assert made.figures == (2 / 3, 1, 0.8, 0)
    assert made.raw.f1 == 0
    # Where there is no closed list nothing is mapped, and one name is never mapped.
    assert score(rule, question(named("Pleural Effusion", "Edema")), "edemas").figures.f1 == 0
    assert score(rule, question(named("Edema"), "medmod_radiology"), "edemas").decided_by == "nobody"


def test_two_predictions_that_are_mapped_to_one_name_count_once() -> None:
    from clinseek_assets.scoring.multimodal.vocabulary_mapping import VocabularyMapping

    rule = PublishedRouting(mapping=VocabularyMapping(Letters()))
    asked = question(named("Pleural Effusion", "Edema"), "medmod_radiology")
    assert score(rule, asked, "edemas", "Edema").figures == (1, 1 / 2, 2 / 3, 0)
