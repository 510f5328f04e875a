"""Several toolboxes as one: the EHR tools of a question and, where it is configured, a browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clinseek_assets.records.tools.specs import Toolbox, ToolReply, ToolSpec
from clinseek_assets.storage.fingerprint import of_parts


class Toolboxes:
    """The tools of several boxes, in their order; each call goes to the box whose tool it is.

    Args:
        boxes: no name may be in two of them.
    """

    def __init__(self, *boxes: Toolbox) -> None:
        self._boxes = boxes
        self._owner = {spec.name: box for box in boxes for spec in box.specs}
        if len(self._owner) != len(self.specs):
            raise ValueError("a tool is in two toolboxes")

    @property
    def specs(self) -> Sequence[ToolSpec]:
        """All tools."""
        return [spec for box in self._boxes for spec in box.specs]

    @property
    def version(self) -> str:
        """A hash over the boxes' versions."""
        return of_parts([box.version for box in self._boxes])

    def call(self, name: str, arguments: Mapping[str, Any]) -> ToolReply:
        """Run one tool of one box."""
        if name not in self._owner:
            return ToolReply(f"There is no tool {name}. Tools: {', '.join(self._owner)}.", "unknown_tool")
        return self._owner[name].call(name, arguments)
