"""Tools for a model that takes no pictures: those that only make pictures are not offered, none is passed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from clinseek_assets.imaging.tools.names import PICTURES_ONLY
from clinseek_assets.records.tools.specs import Toolbox, ToolReply, ToolSpec
from clinseek_assets.storage import fingerprint


class UnseeingTools:
    """A toolbox without its pictures.

    Args:
        toolbox: the tools as a model with vision has them.
    """

    def __init__(self, toolbox: Toolbox) -> None:
        self._toolbox = toolbox
        self._specs = [spec for spec in toolbox.specs if spec.name not in PICTURES_ONLY]
        self._names = {spec.name for spec in self._specs}

    @property
    def specs(self) -> Sequence[ToolSpec]:
        """The tools that have something to read."""
        return self._specs

    @property
    def version(self) -> str:
        """A hash of the toolbox's version and of what is left out."""
        return fingerprint.of_parts([self._toolbox.version, "without pictures", *sorted(PICTURES_ONLY)])

    def call(self, name: str, arguments: Mapping[str, Any]) -> ToolReply:
        """Run one tool; where its result has pictures, say so in their place."""
        if name in PICTURES_ONLY and name not in self._names:
            return ToolReply(f"There is no tool {name}. Tools: {', '.join(sorted(self._names))}.", "unknown_tool")
        reply = self._toolbox.call(name, arguments)
        return replace(reply, text=_told(reply), pictures=()) if reply.pictures else reply


def _told(reply: ToolReply) -> str:
    made = "A picture belongs" if len(reply.pictures) == 1 else f"{len(reply.pictures)} pictures belong"
    return f"{reply.text}\n[{made} to this result; pictures cannot be shown to you.]"
