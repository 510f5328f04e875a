from __future__ import annotations

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clinseek_assets.benchmark.answer_keys import answer_key
from clinseek_assets.models.answer_vocabulary import answer_vocabulary
from clinseek_assets.models.curated_answer import ParsedAnswer, parse_answer
from clinseek_assets_tests.models.cases import question
from clinseek_assets_tests.models.xrays import asked

MEDICINES = ["0.9% Sodium Chloride", "9% Sodium Chloride", "Aspirin", "Heparin", "Insulin (Regular)", "D5 1/2NS"]


def test_the_answer_block_is_the_answer() -> None:
    parsed = parse_answer("I think so.\n<answer>\nAspirin\nHeparin\n</answer>", MEDICINES)
    assert parsed.answers == ("Aspirin", "Heparin")
    assert parsed.rule == "answer_block"
    assert parsed.by_contract


@pytest.mark.parametrize(
    "line", ["0.9% Sodium Chloride", "1. 0.9% Sodium Chloride", "- 0.9% Sodium Chloride", "1) 0.9% Sodium Chloride"]
)
@pytest.mark.parametrize("candidates", [MEDICINES, None, ["9% Sodium Chloride"]])
def test_a_concentration_is_not_a_number_in_a_list(line: str, candidates: list[str] | None) -> None:
    assert parse_answer(f"<answer>\n{line}\n</answer>", candidates).answers == ("0.9% Sodium Chloride",)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("- Aspirin", "Aspirin"),
        ("• Aspirin", "Aspirin"),
        ("-Aspirin", "Aspirin"),
        ("3. Aspirin", "Aspirin"),
        ("(2) Aspirin", "Aspirin"),
        ("1.Aspirin", "Aspirin"),
        ("**Aspirin**", "Aspirin"),
        ("- **Aspirin**", "Aspirin"),
        ('1. "Aspirin",', "Aspirin"),
        ("`aspirin`", "Aspirin"),
        ("  aspirin.  ", "Aspirin"),
        ("Insulin (Regular)", "Insulin (Regular)"),
        ("D5 1/2NS", "D5 1/2NS"),
    ],
)
def test_marks_come_off_where_a_candidate_appears(line: str, answer: str) -> None:
    assert parse_answer(f"<answer>\n{line}\n</answer>", MEDICINES).answers == (answer,)


@pytest.mark.parametrize("candidate", ["1. Stage", "- none -", '"quoted"', "*starred*", "2) second", "a.", "[x]"])
def test_a_candidate_that_looks_like_markup_stays_whole(candidate: str) -> None:
    assert parse_answer(f"<answer>\n{candidate}\n</answer>", [candidate, "other"]).answers == (candidate,)


def test_a_candidate_is_never_found_inside_a_longer_line() -> None:
    parsed = parse_answer("<answer>\nAspirin is not needed\n</answer>", MEDICINES)
    assert parsed.answers == ("Aspirin is not needed",)
    assert parse_answer("Neither Aspirin nor Heparin is needed here.", MEDICINES).answers == ()


def test_the_candidates_own_spelling_comes_back() -> None:
    assert parse_answer("<answer>\nhuman  albumin\n</answer>", ["Human Albumin "]).answers == ("Human Albumin ",)


def test_without_candidates_only_plain_markup_comes_off() -> None:
    numbered = parse_answer("<answer>\n1. first\n2. second\n</answer>")
    assert numbered.answers == ("first", "second")
    assert parse_answer("<answer>\n5. in the wrong place\n</answer>").answers == ("5. in the wrong place",)
    assert parse_answer("<answer>\n- **bold**\n</answer>").answers == ("bold",)


@pytest.mark.parametrize(
    ("text", "rule", "answers"),
    [
        ("<answer>\nHeparin\n</answer> no wait <answer>\nAspirin\n</answer>", "answer_block", ("Aspirin",)),
        ("<ANSWER>Aspirin</ANSWER>", "answer_block", ("Aspirin",)),
        ("so <answer>\nAspirin\nHeparin", "open_answer_block", ("Aspirin", "Heparin")),
        ('{"response": ["Aspirin", "Heparin"]}', "json_response", ("Aspirin", "Heparin")),
        ('done: {"name": "finish", "arguments": {"response": "Aspirin"}}', "json_response", ("Aspirin",)),
        (
            "<think>\nmaybe <answer>\nHeparin\n</answer>\n</think>\n<answer>\nAspirin\n</answer>",
            "answer_block",
            ("Aspirin",),
        ),
        ("musing </think>\n<answer>\nAspirin\n</answer>", "answer_block", ("Aspirin",)),
        ("<think>\n<answer>\nAspirin\n</answer>\n</think>\nThat is all.", "answer_block_in_reasoning", ("Aspirin",)),
        ("Long talk.\n\n**Final answer:** Aspirin", "cue", ("Aspirin",)),
        ("Answer:\n- Aspirin\n- Heparin\n\nHope this helps, and ask again.", "cue", ("Aspirin", "Heparin")),
        ("Answer: Aspirin, Heparin", "cue", ("Aspirin", "Heparin")),
        ("Answer：Aspirin", "cue", ("Aspirin",)),
        ("The final answer is: Aspirin.", "cue", ("Aspirin",)),
        ("The drugs follow\n\nAspirin\nHeparin", "last_lines", ("Aspirin", "Heparin")),
        (f"{'prose ' * 40}\nAspirin", "last_lines", ("Aspirin",)),
    ],
)
def test_fallbacks_in_the_published_order(text: str, rule: str, answers: tuple[str, ...]) -> None:
    parsed = parse_answer(text, MEDICINES)
    assert (parsed.rule, parsed.answers) == (rule, answers)


@pytest.mark.parametrize(
    "text", ["", "   \n ", "<answer>\n</answer>", "<answer>", "I cannot say what comes next.", '{"response": []}']
)
def test_nothing_found_is_nothing(text: str) -> None:
    parsed = parse_answer(text, MEDICINES)
    assert parsed.answers == ()
    assert parsed.rule is None


def test_a_prose_ending_is_not_one_answer_a_line() -> None:
    text = "Let me think.\nThe patient is on Heparin.\nSo it is\nAspirin\nI believe."
    assert parse_answer(text, MEDICINES).answers == ("Aspirin",)


def test_reasoning_sent_apart_counts_last_and_only_by_its_block() -> None:
    assert parse_answer("", MEDICINES, reasoning="<answer>\nAspirin\n</answer>").rule == "answer_block_in_reasoning"
    assert parse_answer("", MEDICINES, reasoning="so Aspirin\nAspirin").answers == ()
    both = parse_answer("<answer>\nHeparin\n</answer>", MEDICINES, reasoning="<answer>\nAspirin\n</answer>")
    assert both.answers == ("Heparin",)


@pytest.mark.parametrize("opening", ["[", '{"response": ', '{"response": ['])
def test_endless_nesting_is_no_answer(opening: str) -> None:
    assert parse_answer(opening * 2_000, ["yes", "no"]) == ParsedAnswer((), None)


def test_a_json_list_in_the_block_is_its_items() -> None:
    assert parse_answer('<answer>\n["Aspirin", "0.9% Sodium Chloride"]\n</answer>', MEDICINES).answers == (
        "Aspirin",
        "0.9% Sodium Chloride",
    )


NAMES = st.lists(
    st.text(alphabet=string.ascii_letters + string.digits + " .%()/,-+'\"*_#&:[]µß", min_size=1, max_size=24).filter(
        lambda name: any(mark.isalnum() for mark in name)
    ),
    min_size=1,
    max_size=12,
    unique_by=answer_key,
)
MARKUPS = [
    lambda place, name: name,
    lambda place, name: f"- {name}",
    lambda place, name: f"* {name}",
    lambda place, name: f"{place}. {name}",
    lambda place, name: f"{place}) {name}",
    lambda place, name: f"{place}. **{name}**",
    lambda place, name: f'- "{name}"',
]


def reads_as_another(line: str, name: str, names: list[str]) -> bool:
    """Whether a line names two candidates («X» and «- X» in one list), so that it has no single reading."""
    others = [other for other in names if other != name]
    return any(answer in others for answer in parse_answer(f"<answer>\n{line}\n</answer>", others).answers)


@given(names=NAMES, markup=st.sampled_from(MARKUPS), ending=st.sampled_from(["\n", "\r\n"]))
def test_any_candidates_in_any_list_markup_come_back_verbatim(names: list[str], markup, ending: str) -> None:
    lines = [markup(place, name) for place, name in enumerate(names, start=1)]
    assume(not any(reads_as_another(line, name, names) for line, name in zip(lines, names, strict=True)))
    parsed = parse_answer(f"<answer>{ending}{ending.join(lines)}{ending}</answer>", names)
    assert list(parsed.answers) == names
    assert parsed.rule == "answer_block"


@given(st.text(max_size=300), st.lists(st.text(min_size=1, max_size=10), max_size=4))
def test_no_text_breaks_the_reading(text: str, candidates: list[str]) -> None:
    parsed = parse_answer(text, candidates or None, reasoning=text)
    assert bool(parsed.answers) == (parsed.rule is not None)


PRESENCE, PHENOTYPING = asked(), asked(group="phenotype", task_type="medmod_phenotyping")


@pytest.mark.parametrize(
    ("reply", "answers", "rule"),
    [
        ("<answer>\nleft lower lung zone\n</answer>", ("left lower lung zone",), "answer_block"),
        (
            "I see.\n<answer>\n- pleural effusion\n- atelectasis\n</answer>",
            ("pleural effusion", "atelectasis"),
            "answer_block",
        ),
        ("<answer>\n**Yes**.\n</answer>", ("yes",), "answer_block"),
        ("<answer>\n1\n</answer>", ("1",), "answer_block"),
        ('So {"response": ["picc", "chest port"]}', ("picc", "chest port"), "json_response"),
        ("The film is clear.\n\nFinal answer: no", ("no",), "cue"),
        ("Final answer: No.", ("no",), "cue"),
        ("My answer: right hilar structures", ("right hilar structures",), "cue"),
        ("I looked at it.\n\nYes", ("yes",), "last_lines"),
        ("I cannot determine this from the image.", (), None),
        ("Final answer: it cannot be told from the images that I have been given.", (), None),
        ("My answer: I am not sure about this.", (), None),
        ("The left lung looks clear\n\nThere is an effusion on the right", (), None),
        ("pleural effusion\natelectasis", (), None),
        ("", (), None),
    ],
)
def test_answers_in_free_words_are_read_as_marked_and_never_made_up(
    reply: str, answers: tuple[str, ...], rule: str | None
) -> None:
    parsed = parse_answer(reply, None, vocabulary=answer_vocabulary(PRESENCE))
    assert (parsed.answers, parsed.rule) == (answers, rule)


@pytest.mark.parametrize(
    ("reply", "answers"),
    [
        ("These apply.\n\nShock\nchronic kidney disease", ("Shock", "Chronic kidney disease")),
        ("<answer>\nShock, Chronic kidney disease\n</answer>", ("Shock", "Chronic kidney disease")),
        (
            "<answer>\nPleurisy; pneumothorax; pulmonary collapse\n</answer>",
            ("Pleurisy; pneumothorax; pulmonary collapse",),
        ),
        ("<answer>\n1. Shock\n2. Sepsis\n</answer>", ("Shock", "Sepsis")),
        ("The patient was in shock and had kidney disease.", ()),
    ],
)
def test_names_of_a_closed_vocabulary_are_known_although_they_were_not_shown(
    reply: str, answers: tuple[str, ...]
) -> None:
    assert parse_answer(reply, None, vocabulary=answer_vocabulary(PHENOTYPING)).answers == answers


def test_text_questions_have_no_vocabulary_beside_their_candidates() -> None:
    assert answer_vocabulary(question(candidates=None)) is None
    assert parse_answer("short prose", None).answers == ("short prose",)


@given(st.text(max_size=300))
def test_whatever_prose_ends_in_is_no_answer_unless_it_is_a_name(text: str) -> None:
    vocabulary = answer_vocabulary(PHENOTYPING)
    assert vocabulary is not None
    parsed = parse_answer(text, None, vocabulary=vocabulary)
    if parsed.rule in ("last_lines", "last_line"):
        assert set(parsed.answers) <= set(vocabulary)
