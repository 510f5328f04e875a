"""Models that read chest X-rays for the tools, wherever they run: in this process, or behind an endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Reading:
    """What an engine made of an image.

    Attributes:
        output: a JSON value, as the published tool of that name gives it.
        picture: a PNG or JPEG that shows it, where there is one.
    """

    output: Any
    picture: bytes | None = None


class Unavailable(Exception):
    """An engine gave no reading this time; its text is fit for a model and holds nothing of a patient."""


class Engine(Protocol):
    """Who runs some of the tools `names.MODEL_TOOLS`."""

    @property
    def tools(self) -> frozenset[str]:
        """The tools that it runs, by their names here."""

    @property
    def version(self) -> str:
        """A hash of what shapes its readings."""

    def read(self, tool: str, image: bytes, arguments: Mapping[str, Any], qid_sha256: str) -> Reading:
        """Run a tool on an image.

        Args:
            tool: one of `tools`.
            image: the JPEG, as it is sent to models.
            arguments: the published parameters but the image.
            qid_sha256: the hash under which ledgers name the question.

        Raises:
            Unavailable: there is no reading.
        """
