"""The documents of a corpus folder: text, Markdown, HTML, and JSON lines (one document a line)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from clinseek_assets.faults import SettingsFault
from clinseek_assets.models.browsing.pages import Page
from clinseek_assets.storage.json_rows import read_utf8

TEXT_KEYS = ("text", "content", "contents", "body", "abstract")
TITLE_KEYS = ("title", "name")
LONGEST_TITLE = 200


def corpus_files(folder: Path) -> list[Path]:
    """The files that hold documents, in a fixed order; hidden ones and those that a link leads out to are not taken.

    Raises:
        SettingsFault: there is no such folder, or no file of a known kind in it.
    """
    root = folder.resolve()
    found = [
        path
        for path in sorted(root.rglob("*"))
        if path.suffix.lower() in READERS
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
        and path.is_file()
        and path.resolve().is_relative_to(root)
    ]
    if not found:
        raise SettingsFault(
            f"The corpus folder {folder} holds no document.",
            mend=f"Name a folder of {', '.join(sorted(READERS))} files as CLINSEEK_CORPUS, or unset it.",
        )
    return found


def documents_of(path: Path, root: Path) -> Iterator[Page]:
    """The documents of one file, named by its path below the corpus; those of a `.jsonl` file also by their line.

    Raises:
        SettingsFault: the file is no UTF-8 text, or a line of it no document; names the file and the line.
    """
    name = path.relative_to(root.resolve()).as_posix()
    yield from READERS[path.suffix.lower()](name, read_utf8(path, SettingsFault))


def _text(name: str, text: str) -> Iterator[Page]:
    """A text, whose first line with words is its title (`# ` of Markdown left out)."""
    first = next((line.strip("#=*- \t") for line in text.splitlines() if line.strip("#=*- \t")), name)
    yield Page(name, first[:LONGEST_TITLE], text)


def _html(name: str, text: str) -> Iterator[Page]:
    reader = _Html()
    reader.feed(text)
    reader.close()
    yield Page(name, reader.title[:LONGEST_TITLE] or name, reader.text)


def _lines(name: str, text: str) -> Iterator[Page]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            row = _row(name, number, line)
            title = _first(row, TITLE_KEYS) or name
            yield Page(f"{name}#{number}", title[:LONGEST_TITLE], _first(row, TEXT_KEYS))


def _row(name: str, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict) or not _first(row, TEXT_KEYS):
        raise SettingsFault(
            f"Line {number} of {name} in the corpus is no document.",
            mend=f"Every line has to be a JSON object with a text under one of {', '.join(TEXT_KEYS)}.",
        )
    return row


def _first(row: dict[str, Any], keys: tuple[str, ...]) -> str:
    return next((value for key in keys if isinstance(value := row.get(key), str) and value.strip()), "")


READERS: dict[str, Callable[[str, str], Iterator[Page]]] = {
    ".txt": _text,
    ".md": _text,
    ".markdown": _text,
    ".html": _html,
    ".htm": _html,
    ".jsonl": _lines,
}


class _Html(HTMLParser):
    """The words of an HTML page: blocks on lines of their own, scripts and styles left out."""

    UNREAD = frozenset({"script", "style", "template", "noscript", "svg"})
    BLOCKS = frozenset(
        {"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "footer", "h1", "h2", "h3", "h4", "h5"}
        | {"h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul"}
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self._parts: list[str] = []
        self._unread = 0
        self._in_title = False

    @property
    def text(self) -> str:
        """The words, without runs of spaces and of empty lines."""
        lines = (" ".join(line.split()) for line in "".join(self._parts).split("\n"))
        return "\n".join(line for line in lines if line)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A block begins a line; what is not read begins."""
        self._unread += tag in self.UNREAD
        self._in_title = tag == "title"
        if tag in self.BLOCKS:
            self._parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """A block ends a line; what is not read ends."""
        self._unread = max(0, self._unread - (tag in self.UNREAD))
        self._in_title = False
        if tag in self.BLOCKS:
            self._parts.append("\n")

    def handle_data(self, data: str) -> None:
        """Words, of the title or of the text."""
        if self._in_title:
            self.title = " ".join(f"{self.title} {data}".split())
        elif not self._unread:
            self._parts.append(data)
