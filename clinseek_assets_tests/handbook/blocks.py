"""The fenced blocks of the documentation, each with its place and with the reason that stands above it, if one does.

Above a block may stand one remark: `<!-- not run: why -->` on commands that a test cannot carry out,
`<!-- open demo -->` on those that need the open MIMIC-IV demo, `<!-- not checked: why -->` on YAML that none of our
models reads. Commands and Python without one are really run, YAML without one is validated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from clinseek_assets.locations.settings import project_folder

PROJECT = project_folder()
LANGUAGES = {"sh", "yaml", "json", "text", "python", "bibtex", "sql"}
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\S*)$")
REMARK = re.compile(r"^<!-- (?P<kind>not run|not checked|open demo)(?:: (?P<why>.+))? -->$")
REFERENCE = "docs/reference/"


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        page: its file, from the project's folder.
        line: the line of the fence, from 1.
        language: the word after the fence.
        text: what is in it.
        remark: `not run`, `not checked`, `open demo`, or nothing.
        why: the reason that the remark gives.
    """

    page: str
    line: int
    language: str
    text: str
    remark: str
    why: str

    @property
    def place(self) -> str:
        """Page and line, for messages and the names of tests."""
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Every page of the documentation, in the order in which a reader meets them."""
    top = sorted(PROJECT.glob("*.md"), key=lambda path: (path.name != "README.md", path.name))
    below = sorted((PROJECT / "docs").rglob("*.md"), key=lambda path: (path.name != "tutorial.md", path))
    return [*top, *below]


def blocks_of(path: Path) -> list[Block]:
    """The blocks of one page; a fence that is not closed is an error."""
    page, found = str(path.relative_to(PROJECT)), []
    lines = path.read_text(encoding="utf-8").splitlines()
    place = 0
    while place < len(lines):
        fence = FENCE.match(lines[place])
        if fence is None:
            place += 1
            continue
        close = f"{fence['indent']}```"
        end = next((at for at in range(place + 1, len(lines)) if lines[at] == close), None)
        if end is None:
            raise AssertionError(f"{page}:{place + 1}: the block is not closed")
        remark = REMARK.match(lines[place - 1].strip()) if place else None
        text = "\n".join(line.removeprefix(fence["indent"]) for line in lines[place + 1 : end])
        kind, why = (remark["kind"], remark["why"] or "") if remark else ("", "")
        found.append(Block(page, place + 1, fence["language"], text, kind, why))
        place = end + 1
    return found


BLOCKS = [block for path in pages() for block in blocks_of(path)]


def of(language: str) -> list[Block]:
    """The blocks of one language."""
    return [block for block in BLOCKS if block.language == language]
