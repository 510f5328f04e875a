"""Keeping an exchange inside the model's context window.

How many tokens a request has is told by the endpoint for every call that it answered; what was added since is
estimated by the density of what was added before. When the next call would not fit, the oldest tool results are
replaced by notices that say what was there and how to see it again. The question and what the model said stay.
All of it follows from recorded figures alone, so that a replayed exchange takes the same turns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from clinseek_assets.models.agent.transcript import Transcript, size_of
from clinseek_assets.models.messages import Turn

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
    """How many tokens a request has: counted by the endpoint as far as it goes, estimated from there on."""

    def __init__(self) -> None:
        self._counted: tuple[int, int] | None = None  # tokens and bytes of the last request that was counted
        self._density = DENSE

    def tokens(self, size: int) -> int:
        """The estimate for a request of so many bytes."""
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

    def learn(self, size: int, tokens: int | None) -> None:
        """Take in what the endpoint counted for a request of so many bytes; None where it says nothing."""
        if not tokens or size <= 0:
            return
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
        notices: how many results were replaced or cut for it.
        scarce: whether what can never be taken out fills most of the window, so that the exchange had better end.
    """

    fits: bool
    notices: int
    scarce: bool


def make_room(transcript: Transcript, gauge: Gauge, limit: int) -> Room:
    """Let the next call fit into so many tokens, by taking out the oldest tool results.

    The results that the model has not seen yet go last, and are cut instead of taken out.
    """
    scarce = gauge.tokens(transcript.size - _removable(transcript)) > limit * SCARCE
    if gauge.tokens(transcript.size) <= limit:
        return Room(fits=True, notices=0, scarce=scarce)
    goal = round(limit * ROOM_MADE)
    changed: dict[int, Turn] = {}
    size = transcript.size
    for place, notice in _notices(transcript.turns):
        changed[place] = notice
        size += size_of(notice) - transcript.sizes[place]
        if gauge.tokens(size) <= goal:
            break
    transcript.replace(changed)
    cut = _cut_newest(transcript, gauge, limit) if gauge.tokens(transcript.size) > limit else 0
    fits = gauge.tokens(transcript.size) <= limit
    return Room(fits, len(changed) + cut, scarce)


def _removable(transcript: Transcript) -> int:
    """The bytes of all results that are still there."""
    turns = zip(transcript.turns, transcript.sizes, strict=True)
    return sum(size for turn, size in turns if turn.role == "tool" and not turn.text.startswith(TAKEN_OUT))


def _newest(turns: Sequence[Turn]) -> int:
    """Where the results begin that the model has not seen yet."""
    return max((place for place, turn in enumerate(turns) if turn.role == "assistant"), default=-1) + 1


def _fresh_results(turns: Sequence[Turn]) -> dict[int, Turn]:
    """The results that the model has not seen yet, by their place."""
    begin = _newest(turns)
    return {place: turn for place, turn in enumerate(turns) if place >= begin and turn.role == "tool"}


def _notices(turns: Sequence[Turn]) -> Iterator[tuple[int, Turn]]:
    """For each result that the model has seen, the oldest first, the notice that can stand for it."""
    names = {call.id: call.name for turn in turns for call in turn.tool_calls}
    for place, turn in enumerate(turns[: _newest(turns)]):
        if turn.role == "tool" and not turn.text.startswith(TAKEN_OUT):
            notice = replace(turn, text=_taken_out(turn.text, names.get(turn.call_id or "", "the tool")))
            if size_of(notice) < size_of(turn):
                yield place, notice


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
    share = max(0, gauge.size(limit - gauge.tokens(room)))
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
