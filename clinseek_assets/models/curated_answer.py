"""Reading the answers out of a reply, or out of a submitted list: alike in every arm.

The published contract (`contexts/prompts.py` states it to the model) asks for an `answer` block as the last thing, one
answer a line. The published parser's fallbacks are kept in their order (answer block; embedded JSON with `response`;
the same without the reasoning; text after the last cue, else the last lines), with one condition: reading does no
damage. A mark is taken off a line only where that turns the line into a candidate, or where it plainly is list markup;
so «0.9% Sodium Chloride» never becomes «9% Sodium Chloride». A candidate is never found inside a longer line.

Multimodal questions show no candidates. What their replies mark as an answer is read as it stands; an ending that is
not marked counts only where it is made of names of the question's vocabulary (`answer_vocabulary`), and what follows a
cue also where it looks like a name: a sentence that says that nothing can be told is no answer.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from clinseek_assets.benchmark.answer_keys import answer_key

VERSION = "1"
LONGEST_ANSWER = 120  # characters; a longer line at the end of a reply is prose
LONGEST_NAME = 6  # words; what follows a cue and is longer is prose, where answers are free words
DEEPEST_MARKUP = 4  # a bullet, a number, bold and quotes around one name
BLOCK = re.compile(r"<answer>(.*?)</answer>", re.IGNORECASE | re.DOTALL)
OPENING = re.compile(r"<answer>", re.IGNORECASE)
REASONING = re.compile(r"<(reasoning|think|thinking|analysis|thought)>.*?</\1>", re.IGNORECASE | re.DOTALL)
END_OF_REASONING = re.compile(r"^.*</(?:reasoning|think|thinking|analysis|thought)>", re.IGNORECASE | re.DOTALL)
CUE = re.compile(
    r"\b(?:final answers?|answers?|final predictions?|predictions?)(?:\s+(?:is|are))?\s*[*_]*[:：][*_]*", re.I
)
FENCE = re.compile(r"^\s*```\w*\s*$")
BULLET = re.compile(r"^[-*•–‣·]\s+")
NUMBERING = re.compile(r"^[(\[]?(\d{1,3})[.)\]:]\s+")
TIGHT_BULLET = re.compile(r"^[-*•](?=[^\s\d])")
# Without a space after it only where no digit follows: «1.Aspirin» is numbered, «0.9% Sodium Chloride» is not.
TIGHT_NUMBERING = re.compile(r"^[(\[]?\d{1,3}[.)\]:](?=[^\s\d])")
END_MARK = re.compile(r"[.,;]$")
END_OF_SENTENCE = re.compile(r"[.:?!…]$")
WRAPPINGS = (
    ("**", "**"),
    ("__", "__"),
    ("*", "*"),
    ("_", "_"),
    ("`", "`"),
    ('"', '"'),
    ("'", "'"),
    ("“", "”"),
    ("‘", "’"),
    ("«", "»"),
)

MARKED = frozenset({"answer_block", "open_answer_block", "json_response"})


@dataclass(frozen=True)
class ParsedAnswer:
    """What was read: the answers in their order, and the rule that found them.

    Rules: `answer_block`, `open_answer_block`, `json_response`, the same with `_in_reasoning`, `cue`, `last_lines`,
    `last_line`; None with no answers where nothing was found.
    """

    answers: tuple[str, ...]
    rule: str | None

    @property
    def by_contract(self) -> bool:
        """Whether the reply kept to the contract, so that nothing had to be salvaged."""
        return self.rule == "answer_block"

    @property
    def marked(self) -> bool:
        """Whether the model marked what was read as its answer, outside of its reasoning."""
        return self.rule in MARKED


class CandidateNames:
    """The candidates of a question, or a vocabulary in their place, to be recognised by their exact normalised key.

    Args:
        candidates: the names to choose from, or None.
        vocabulary: names that were not shown, by which an answer can be told from prose; used without candidates only.
    """

    def __init__(self, candidates: Sequence[str] | None, vocabulary: Sequence[str] | None = None) -> None:
        names = candidates or vocabulary or ()
        self.known = bool(names)
        self.open = not candidates and vocabulary is not None
        self._of_key: dict[str, list[str]] = {}
        for candidate in names:
            self._of_key.setdefault(answer_key(candidate), []).append(candidate)

    def spelled(self, line: str) -> str | None:
        """The candidate that this line names, in the candidate's own spelling; None where it names none."""
        twins = self._of_key.get(answer_key(line))
        if twins is None:
            return None
        return line if line in twins else twins[0]


def parse_answer(
    text: str,
    candidates: Sequence[str] | None = None,
    *,
    reasoning: str = "",
    vocabulary: Sequence[str] | None = None,
) -> ParsedAnswer:
    """Read the answers out of a reply.

    Args:
        text: the reply's content.
        candidates: the names to choose from, or None.
        reasoning: what the endpoint sent apart as reasoning; only an answer block in it counts, and only last.
        vocabulary: names by which an answer can be told from prose although they were not shown, or None.
    """
    names = CandidateNames(candidates, vocabulary)
    shown = END_OF_REASONING.sub("", REASONING.sub("", text))
    for rule, found in _readings(text, shown, reasoning, names):
        if answers := tuple(dict.fromkeys(found)):
            return ParsedAnswer(answers, rule)
    return ParsedAnswer((), None)


def read_items(items: Sequence[str], candidates: Sequence[str] | None = None) -> tuple[str, ...]:
    """The answers that submitted items name, each read as a line of an answer block is; without repeats.

    Args:
        items: as they were submitted; an item with line breaks stands for its lines.
        candidates: the names to choose from, or such by which answers are recognised, or None.
    """
    names = CandidateNames(candidates)
    read: list[str] = []
    for place, item in enumerate(items, start=1):
        several = len(item.strip().splitlines()) > 1 and names.spelled(item) is None
        read += read_lines(item, names) if several else _one_line(item, place, names)
    return tuple(dict.fromkeys(read))


def _readings(text: str, shown: str, reasoning: str, names: CandidateNames) -> Iterator[tuple[str, list[str]]]:
    """Every rule's reading, the most trustworthy first; computed one by one."""
    yield from _marked(shown, "", names)
    if shown != text:
        yield from _marked(text, "_in_reasoning", names)
    yield "cue", _after_cue(shown, names)
    yield from _ending(shown, names)
    if reasoning:
        yield from _marked(reasoning, "_in_reasoning", names)


def _marked(text: str, suffix: str, names: CandidateNames) -> Iterator[tuple[str, list[str]]]:
    """The rules that find an answer which the model marked as one."""
    if blocks := BLOCK.findall(text):
        yield f"answer_block{suffix}", read_lines(blocks[-1], names)
    elif openings := list(OPENING.finditer(text)):
        yield f"open_answer_block{suffix}", read_lines(text[openings[-1].end() :], names)
    yield f"json_response{suffix}", [names.spelled(item) or item for item in _json_response(text)]


def read_lines(block: str, names: CandidateNames) -> list[str]:
    """The answers of a block, one a line; a line that is a JSON list, or a list of candidates, stands for its items."""
    lines = [line for line in re.split(r"\r\n|\r|\n", block) if line.strip() and not FENCE.match(line)]
    answers: list[str] = []
    for place, line in enumerate(lines, start=1):
        answers += _one_line(line, place, names)
    return answers


def _one_line(line: str, place: int, names: CandidateNames) -> list[str]:
    if (candidate := _as_candidate(line, names)) is not None:
        return [candidate]
    if items := _json_texts(line):
        return [names.spelled(item) or item for item in items]
    if several := _candidates_in_a_row(line, names):
        return several
    plain = _without_plain_markup(line.strip(), place)
    return [plain] if plain else []


def _as_candidate(line: str, names: CandidateNames) -> str | None:
    """The candidate that the line names with as few marks taken off as possible, or None."""
    waiting = deque([(line, 0)])
    seen = {line}
    while waiting:
        variant, depth = waiting.popleft()
        if (candidate := names.spelled(variant)) is not None:
            return candidate
        if depth < DEEPEST_MARKUP and names.known:
            fresh = [less for less in _one_mark_less(variant.strip()) if less not in seen]
            seen.update(fresh)
            waiting.extend((less, depth + 1) for less in fresh)
    return None


def _one_mark_less(line: str) -> Iterator[str]:
    """The line with one mark taken off, each possible mark in turn."""
    for mark in (BULLET, NUMBERING, TIGHT_BULLET, TIGHT_NUMBERING, END_MARK):
        if (match := mark.search(line)) is not None:
            yield line[: match.start()] + line[match.end() :]
    for opening, closing in WRAPPINGS:
        if len(line) > len(opening) + len(closing) and line.startswith(opening) and line.endswith(closing):
            yield line[len(opening) : -len(closing)]


def _without_plain_markup(line: str, place: int) -> str:
    """A line that names no candidate, without plain markup: a bullet, its own place as a number, a wrapping."""
    line = BULLET.sub("", line)
    numbered = NUMBERING.match(line)
    if numbered and int(numbered[1]) == place:
        line = line[numbered.end() :]
    for opening, closing in WRAPPINGS:
        inner = line[len(opening) : -len(closing)]
        if inner and line.startswith(opening) and line.endswith(closing) and opening not in inner:
            return inner.strip()
    return line.strip()


def _candidates_in_a_row(line: str, names: CandidateNames) -> list[str]:
    """The items of a line like «Aspirin, Heparin», if every one of them is a candidate; else none."""
    for separator in (", ", "; "):
        items = [_as_candidate(item, names) for item in line.split(separator)]
        if len(items) > 1 and all(item is not None for item in items):
            return [item for item in items if item is not None]
    return []


def _json_texts(line: str) -> list[str]:
    """The texts of a line that is a JSON list of texts; else none."""
    if not line.lstrip().startswith("["):
        return []
    try:
        items = json.loads(line)
    except (ValueError, RecursionError):
        return []
    return items if isinstance(items, list) and all(isinstance(item, str) for item in items) else []


def _json_response(text: str) -> list[str]:
    """The `response` of the last JSON object in the text that has one: a text, or the texts of a list."""
    decoder = json.JSONDecoder()
    for start in reversed([match.start() for match in re.finditer(r"\{", text)]):
        try:
            value, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        response = value.get("response") if isinstance(value, dict) else None
        items = [response] if isinstance(response, str) else response
        if isinstance(items, list) and (texts := [item for item in items if isinstance(item, str) and item.strip()]):
            return texts
    return []


def _after_cue(text: str, names: CandidateNames) -> list[str]:
    """The lines after the last «Answer:», up to the first empty line after one of them."""
    cues = list(CUE.finditer(text))
    if not cues:
        return []
    block = text[cues[-1].end() :].strip().split("\n\n")[0]
    if names.open:
        read = read_lines(block, names)
        return [answer for answer in read if names.spelled(answer) is not None or _is_a_name(answer)]
    return _believable(block, names)


def _is_a_name(line: str) -> bool:
    """Whether a line can be a name in free words, rather than a sentence."""
    return len(line.split()) <= LONGEST_NAME and END_OF_SENTENCE.search(line) is None


def _ending(text: str, names: CandidateNames) -> Iterator[tuple[str, list[str]]]:
    """The run of short lines that ends the reply, else its last line."""
    lines = text.rstrip().split("\n")
    run = lines[_first_of_run(lines) :]
    yield "last_lines", _believable("\n".join(run), names)
    yield "last_line", _believable(lines[-1], names)


def _first_of_run(lines: Sequence[str]) -> int:
    """Where the trailing run of short, non-empty lines begins."""
    first = len(lines)
    while first and lines[first - 1].strip() and len(lines[first - 1]) <= LONGEST_ANSWER:
        first -= 1
    return first


def _believable(block: str, names: CandidateNames) -> list[str]:
    """The block's answers where the reply marked none: only candidates where there are candidates, else short lines.

    Without this, each line of a prose ending would count as an answer.
    """
    keep: Callable[[str], bool] = (
        (lambda answer: names.spelled(answer) is not None)
        if names.known
        else (lambda answer: len(answer) <= LONGEST_ANSWER)
    )
    return [answer for answer in read_lines(block, names) if keep(answer)]
