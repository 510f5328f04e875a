"""The turns of an exchange as they are sent, with what is asked of them each round: their hash and their size.

Both grow with the turns, so that a round costs what is new in it, however long the exchange is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from clinseek_assets.models.messages import Turn
from clinseek_assets.models.picture_tokens import tokens_of_pictures
from clinseek_assets.records.tools.specs import ToolSpec

TURN_BYTES = 24  # what a turn takes beside its texts: role, ids, separators


class Transcript:
    """Turns in their order, and what they take in a request.

    `size` is the bytes of the texts of all turns and the tools, `sizes` those of each turn; `pictures` is the tokens
    that the pictures of all turns are estimated to take.

    Args:
        about: what shapes every call of the exchange beside its turns; part of every key.
        tools: what may be called; they take room like a turn.
    """

    def __init__(self, about: Mapping[str, Any], tools: Sequence[ToolSpec]) -> None:
        listed = _canonical([[tool.name, tool.description, tool.parameters] for tool in tools])
        self._start = _canonical([about, listed])
        self._tools_size = len(listed.encode())
        self.turns: list[Turn] = []
        self._restart()

    def _restart(self) -> None:
        self._hash = hashlib.sha256(self._start.encode())
        self.size = self._tools_size
        self.sizes: list[int] = []
        self.pictures = 0
        for turn in self.turns:
            self._count(turn)

    def _count(self, turn: Turn) -> None:
        said = asdict(replace(turn, images=()))
        said["images"] = [{"caption": picture.caption, "sha256": picture.sha256} for picture in turn.images]
        said = {name: value for name, value in said.items() if value}  # a new kind of part changes no old key
        self._hash.update(_canonical(said).encode())
        self.pictures += tokens_of_pictures(turn.images)
        self.sizes.append(size_of(turn))
        self.size += self.sizes[-1]

    def add(self, turn: Turn) -> None:
        """Append a turn."""
        self.turns.append(turn)
        self._count(turn)

    def replace(self, changed: Mapping[int, Turn]) -> None:
        """Put other turns in place of some."""
        for place, turn in changed.items():
            self.turns[place] = turn
        self._restart()

    def key(self, asked: Iterable[Any]) -> str:
        """The hash of everything so far and of what is asked beside the turns."""
        digest = self._hash.copy()
        digest.update(_canonical(list(asked)).encode())
        return digest.hexdigest()


def size_of(turn: Turn) -> int:
    """The bytes that the texts of a turn take in a request, about; its pictures are counted apart, in tokens."""
    called = sum(len(call.name) + len(call.arguments.encode()) + TURN_BYTES for call in turn.tool_calls)
    captions = sum(len(picture.caption.encode()) for picture in turn.images)
    return TURN_BYTES + len(turn.text.encode()) + len(turn.reasoning.encode()) + called + captions


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str) + "\n"
