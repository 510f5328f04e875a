"""Keeping an exchange inside the model's context window.

How many tokens a request has is told by the endpoint for every call that it answered; what was added since is
estimated by the density of what was added before. When the next call would not fit, the oldest tool results, and the
pictures that tools gave, are replaced by notices that say what was there and how to see it again. The question with its
own pictures and what the model said stay.
All of it follows from recorded figures alone, so that a replayed exchange takes the same turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from clinseek_assets.models.agent.transcript import Transcript, size_of
from clinseek_assets.models.messages import Turn
from clinseek_assets.models.picture_tokens import tokens_of_pictures

# Tokens a byte. Sentences and schemas, of which a first request consists, have some 0.25. Rows full of times and digits
# are the densest text there is: tokenizers that take every digit for itself reach 0.6.
PLAIN, DENSE, THIN, DENSEST = 0.4, 0.6, 0.1, 1.0
MARGIN = 1.05
# Of the limit: where what stays takes more, the next turn may leave no room for a last one.
SCARCE = 0.6
SPARE = 64  # tokens for what a chat template adds
ROOM_MADE = 0.7  # of the limit: making room rarely keeps a provider's prompt cache of use
TAKEN_OUT = "[Taken out to save room:"
FIRST_LINE = 100  # characters of a result that its notice quotes
SHORTEST_CUT = 400  # bytes that a result too large by itself keeps at least
NOTICE_OF_A_CUT = 200  # bytes


class Gauge:
    """How many tokens a request has: counted by the endpoint as far as it goes, estimated from there on.

    Pictures count by their size (`picture_tokens`), before and after: only what is left of a count is the texts'. So a
    wrong estimate of pictures that stay in the exchange cancels out.
    """

    def __init__(self) -> None:
        # Tokens and bytes of the last request that was counted, without its pictures.
        self._counted: tuple[int, int] | None = None
        self._density = DENSE

    def tokens(self, size: int, pictures: int = 0) -> int:
        """The estimate for a request whose texts have so many bytes and its pictures so many tokens."""
        texts = self._of_texts(size)
        # Where pictures cost less than estimated, what the texts are left with is too little, even below nothing.
        return max(texts + pictures, round(size * THIN) + SPARE) if pictures else texts

    def _of_texts(self, size: int) -> int:
        if self._counted is None:
            return round(size * PLAIN * MARGIN) + SPARE
        tokens, counted = self._counted
        if size >= counted:
            return tokens + round((size - counted) * self._density * MARGIN) + SPARE
        return round(tokens * size / counted * MARGIN) + SPARE

    def size(self, tokens: int) -> int:
        """The bytes that surely fit into so many tokens of text that is not counted yet."""
        overall = self._counted[0] / self._counted[1] if self._counted else DENSE
        return max(0, int((tokens - SPARE) / (max(self._density, overall) * MARGIN)))

    def learn(self, size: int, tokens: int | None, pictures: int = 0) -> None:
        """Take in what the endpoint counted for a request of so many bytes; None where it says nothing."""
        if not tokens or size <= 0:
            return
        tokens -= pictures
        before = self._counted
        if before is None or size <= before[1]:
            # Of a first request nothing is known but the whole: what comes next may be denser than its sentences.
            self._density = max(self._density if before else DENSE, _bounded(tokens / size))
        elif size - before[1] >= FIRST_LINE:
            self._density = max(THIN, _bounded((tokens - before[0]) / (size - before[1])))
        self._counted = (tokens, size)


def _bounded(density: float) -> float:
    return min(DENSEST, max(THIN, density))


@dataclass(frozen=True)
class Room:
    """What came of making room.

    Attributes:
        fits: whether the next call fits now.
        notices: how many results were replaced or cut for it, and how often pictures were taken out.
        scarce: whether what can never be taken out fills most of the window, so that the exchange had better end.
    """

    fits: bool
    notices: int
    scarce: bool


def make_room(transcript: Transcript, gauge: Gauge, limit: int) -> Room:
    """Let the next call fit into so many tokens, by taking out the oldest tool results and pictures.

    The results that the model has not seen yet go last, and are cut instead of taken out; their pictures after that.
    """
    question = transcript.turns[: _answered(transcript.turns)]
    own = tokens_of_pictures(picture for turn in question for picture in turn.images)
    scarce = gauge.tokens(transcript.size - _removable(transcript), own) > limit * SCARCE
    if _fits(transcript, gauge, limit):
        return Room(fits=True, notices=0, scarce=scarce)
    goal = round(limit * ROOM_MADE)
    taken = _take_out(transcript, gauge, goal, _notices(transcript.turns))
    cut = 0 if _fits(transcript, gauge, limit) else _cut_newest(transcript, gauge, limit)
    if not _fits(transcript, gauge, limit):
        taken += _take_out(transcript, gauge, limit, _unseen_pictures(transcript.turns))
    return Room(_fits(transcript, gauge, limit), taken + cut, scarce)


def _fits(transcript: Transcript, gauge: Gauge, limit: int) -> bool:
    return gauge.tokens(transcript.size, transcript.pictures) <= limit


def _take_out(transcript: Transcript, gauge: Gauge, goal: int, notices: Iterable[tuple[int, Turn]]) -> int:
    """Put notices in the place of turns, one after the other, until the goal is reached; how many it took."""
    changed: dict[int, Turn] = {}
    size, pictures = transcript.size, transcript.pictures
    for place, notice in notices:
        changed[place] = notice
        size += size_of(notice) - transcript.sizes[place]
        pictures -= tokens_of_pictures(transcript.turns[place].images)
        if gauge.tokens(size, pictures) <= goal:
            break
    transcript.replace(changed)
    return len(changed)


def _removable(transcript: Transcript) -> int:
    """The bytes of all results that are still there."""
    turns = zip(transcript.turns, transcript.sizes, strict=True)
    return sum(size for turn, size in turns if turn.role == "tool" and not turn.text.startswith(TAKEN_OUT))


def _answered(turns: Sequence[Turn]) -> int:
    """Where the question ends: the place of the model's first turn, or behind the last turn where it said nothing."""
    return next((place for place, turn in enumerate(turns) if turn.role == "assistant"), len(turns))


def _newest(turns: Sequence[Turn]) -> int:
    """Where the results begin that the model has not seen yet."""
    return max((place for place, turn in enumerate(turns) if turn.role == "assistant"), default=-1) + 1


def _fresh_results(turns: Sequence[Turn]) -> dict[int, Turn]:
    """The results that the model has not seen yet, by their place."""
    begin = _newest(turns)
    return {place: turn for place, turn in enumerate(turns) if place >= begin and turn.role == "tool"}


def _notices(turns: Sequence[Turn]) -> Iterator[tuple[int, Turn]]:
    """For each result and each picture that the model has seen, the oldest first, the notice that can stand for it."""
    names = {call.id: call.name for turn in turns for call in turn.tool_calls}
    question = _answered(turns)
    for place, turn in enumerate(turns[: _newest(turns)]):
        if turn.images and place > question:
            yield place, _without_pictures(turn)
        elif turn.role == "tool" and not turn.text.startswith(TAKEN_OUT):
            notice = replace(turn, text=_taken_out(turn.text, names.get(turn.call_id or "", "the tool")))
            if size_of(notice) < size_of(turn):
                yield place, notice


def _unseen_pictures(turns: Sequence[Turn]) -> Iterator[tuple[int, Turn]]:
    """For each turn with pictures of tools that the model has not seen yet, the notice that can stand for them."""
    begin = max(_newest(turns), _answered(turns) + 1)
    for place, turn in enumerate(turns[begin:], start=begin):
        if turn.images:
            yield place, _without_pictures(turn)


def _without_pictures(turn: Turn) -> Turn:
    """A turn that says which pictures it had."""
    named = "; ".join(f"«{picture.caption[:FIRST_LINE]}»" for picture in turn.images)
    notice = f"{TAKEN_OUT} {len(turn.images)} of a tool's pictures: {named}. Make the same call again to see them.]"
    return replace(turn, text=f"{turn.text}\n{notice}" if turn.text else notice, images=())


def _taken_out(text: str, name: str) -> str:
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")[:FIRST_LINE]
    return (
        f"{TAKEN_OUT} the result of {name}, {len(text):,} characters, which began «{first}». "
        "Make the same call again to see it.]"
    )


def _cut_newest(transcript: Transcript, gauge: Gauge, limit: int) -> int:
    """Cut the results that the model has not seen yet to equal shares of what room there is, the short ones whole."""
    fresh = _fresh_results(transcript.turns)
    room = transcript.size - sum(map(size_of, fresh.values()))
    share = max(0, gauge.size(limit - gauge.tokens(room, transcript.pictures)))
    changed: dict[int, Turn] = {}
    waiting = sorted(fresh, key=lambda place: size_of(fresh[place]))
    for rank, place in enumerate(waiting):
        mine = share // (len(waiting) - rank)
        if size_of(fresh[place]) > mine:
            changed[place] = replace(fresh[place], text=cut_text(fresh[place].text, mine - size_of(Turn("tool", ""))))
        share -= size_of(changed.get(place, fresh[place]))
    transcript.replace(changed)
    return len(changed)


def cut_text(text: str, most: int) -> str:
    """A text of at most so many bytes, with a notice of the cut at its end; never cut to nothing."""
    encoded = text.encode()
    if len(encoded) <= max(most, SHORTEST_CUT):
        return text
    shown = encoded[: max(SHORTEST_CUT, most - NOTICE_OF_A_CUT)].decode(errors="ignore")
    return (
        f"{shown}\n[Cut here to save room: {len(shown):,} of {len(text):,} characters are shown. Ask for less at once "
        "(fewer rows, fewer columns, a shorter time) to see the rest.]"
    )
