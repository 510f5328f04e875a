"""The three published browser tools, `browser.search`, `browser.open` and `browser.find`, over a library of pages.

Source of names and parameters: the published tool list and the browser tool that its system message describes (pages
are numbered by a cursor, lines by their place). How many calls a question may make is the agent loop's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clinseek_assets.models.browsing.corpus import Hit, Library, Unavailable
from clinseek_assets.models.browsing.pages import Page, one_line
from clinseek_assets.records.tools.specs import ToolReply, ToolSpec
from clinseek_assets.storage.fingerprint import of_code, of_parts

SEARCH, OPEN, FIND = "browser.search", "browser.open", "browser.find"
USUAL_RESULTS, MOST_RESULTS = 10, 20
PAGE_LINES = 120
FOUND_LINES = 40
LONGEST_TITLE, LONGEST_SNIPPET, LONGEST_PATTERN = 120, 400, 200


@dataclass(frozen=True)
class Results:
    """The page that a search gives: its hits are the links that can be opened by number."""

    query: str
    hits: Sequence[Hit]


class Wrong(Exception):
    """What a model got wrong, in words for it, and the one word for the record."""

    def __init__(self, problem: str, text: str) -> None:
        super().__init__(text)
        self.problem = problem


class BrowserTools:
    """A browser of one question: it remembers the pages that were seen, each by its cursor.

    Args:
        library: where pages come from.
        qid_sha256: the hash under which ledgers name the question.
    """

    def __init__(self, library: Library, qid_sha256: str) -> None:
        self._library = library
        self._qid_sha256 = qid_sha256
        self._seen: list[Results | Page] = []
        self._specs = specs_over(library)
        self._calls: dict[str, Callable[[Mapping[str, Any]], str]] = {
            SEARCH: self._search,
            OPEN: self._open,
            FIND: self._find,
        }

    @property
    def specs(self) -> Sequence[ToolSpec]:
        """The three tools."""
        return self._specs

    @property
    def version(self) -> str:
        """A hash of the library and of the code that shows its pages."""
        return version_over(self._library)

    def call(self, name: str, arguments: Mapping[str, Any]) -> ToolReply:
        """Run one tool; what is wrong with a call, or with the library, is told in the reply."""
        if name not in self._calls:
            return ToolReply(f"There is no tool {name}. Tools: {', '.join(self._calls)}.", "unknown_tool")
        try:
            _refuse_unknown(next(spec for spec in self._specs if spec.name == name), arguments)
            return ToolReply(self._calls[name](arguments))
        except Wrong as wrong:
            return ToolReply(str(wrong), wrong.problem)
        except Unavailable as unavailable:
            return ToolReply(str(unavailable), "unavailable")

    def _search(self, arguments: Mapping[str, Any]) -> str:
        query = _text(arguments, "query")
        wanted = _number(arguments, "topn")
        most = min(USUAL_RESULTS if wanted is None else max(wanted, 1), MOST_RESULTS)
        results = Results(query, self._library.search(query, most, self._qid_sha256))
        cursor = self._remember(results)
        told = [_results(cursor, results)]
        if wanted is not None and wanted > MOST_RESULTS:
            told.append(f"[At most {MOST_RESULTS} results are shown. Search with other words for others.]")
        return "\n".join(told)

    def _open(self, arguments: Mapping[str, Any]) -> str:
        wanted, loc = arguments.get("id"), _number(arguments, "loc")
        lines = _number(arguments, "num_lines")
        if wanted in (None, -1, "-1", ""):
            cursor, shown = self._at(_number(arguments, "cursor"))
        else:
            cursor = self._remember(shown := self._page(wanted, _number(arguments, "cursor")))
        if isinstance(shown, Results):
            return _results(cursor, shown)
        most = PAGE_LINES if lines is None or lines < 1 else min(lines, PAGE_LINES)
        return _view(cursor, shown, max(loc or 0, 0), most)

    def _find(self, arguments: Mapping[str, Any]) -> str:
        pattern = one_line(_text(arguments, "pattern"), LONGEST_PATTERN)
        cursor, shown = self._at(_number(arguments, "cursor"))
        if isinstance(shown, Results):
            raise Wrong("bad_arguments", f"[{cursor}] is a list of results. Open one of them first, then find in it.")
        return _matches(cursor, shown, pattern)

    def _page(self, wanted: object, cursor: int | None) -> Page:
        """The page of a link on a seen list of results, or of a name."""
        number = _as_number(wanted)
        hit = self._named(str(wanted)) if number is None else self._link(number, cursor)
        page = self._library.page(hit) if hit else None
        if page is None:
            raise Wrong("not_found", f"There is no such page. {SEARCH} gives those that can be opened, by number.")
        return page

    def _named(self, name: str) -> Hit | None:
        """A result that was seen, by its page's name: what no search gave cannot be opened."""
        seen = (hit for results in reversed(self._seen) if isinstance(results, Results) for hit in results.hits)
        return next((hit for hit in seen if hit.name == name), None)

    def _link(self, number: int, cursor: int | None) -> Hit:
        at, shown = self._at(cursor)
        if isinstance(shown, Page):  # a number after a page was read still means the search that led there
            lists = [(place, seen) for place, seen in enumerate(self._seen[:at]) if isinstance(seen, Results)]
            at, shown = lists[-1] if lists and cursor is None else (at, shown)
        if isinstance(shown, Page):
            raise Wrong("bad_arguments", f"[{at}] is no list of results. Give the cursor of a search.")
        if not 0 <= number < len(shown.hits):
            raise Wrong("not_found", f"[{at}] has {len(shown.hits)} results, numbered from 0.")
        return shown.hits[number]

    def _at(self, cursor: int | None) -> tuple[int, Results | Page]:
        """A seen page by its cursor; the latest where none is given."""
        if not self._seen:
            raise Wrong("bad_arguments", f"Nothing was opened yet. Start with {SEARCH}.")
        place = len(self._seen) - 1 if cursor is None or cursor == -1 else cursor
        if not 0 <= place < len(self._seen):
            raise Wrong("not_found", f"There is no page [{place}]: so far there are [0] to [{len(self._seen) - 1}].")
        return place, self._seen[place]

    def _remember(self, page: Results | Page) -> int:
        self._seen.append(page)
        return len(self._seen) - 1


def specs_over(library: Library) -> tuple[ToolSpec, ...]:
    """What a model is told of the three tools."""
    cursor = {"type": "integer", "description": "The number of a page that was seen, in [brackets]; else the latest."}
    return (
        ToolSpec(
            SEARCH,
            f"Search {library.description} for knowledge; it holds no patient's record. Gives at most {MOST_RESULTS} "
            f"results, each with its number, title and some words around what was found.",
            _object(
                {
                    "query": {"type": "string", "description": "Words to look for."},
                    "topn": {"type": "integer", "description": f"Results, {USUAL_RESULTS} if not given."},
                },
                "query",
            ),
        ),
        ToolSpec(
            OPEN,
            f"Read a page, at most {PAGE_LINES} lines a call; what is cut is said, with how to go on.",
            _object(
                {
                    "id": {
                        "type": ["integer", "string"],
                        "description": "The number of a result, or its page's name. Without it, the page at `cursor`.",
                    },
                    "cursor": cursor,
                    "loc": {"type": "integer", "description": "The first line to show, 0 if not given."},
                    "num_lines": {"type": "integer", "description": f"Lines to show, {PAGE_LINES} if not given."},
                }
            ),
        ),
        ToolSpec(
            FIND,
            f"Find words on an opened page, case aside: the lines that hold them, at most {FOUND_LINES}.",
            _object(
                {"pattern": {"type": "string", "description": "Plain text, no regex."}, "cursor": cursor}, "pattern"
            ),
        ),
    )


def version_over(library: Library) -> str:
    """A hash of a library and of the code that shows its pages."""
    from clinseek_assets.models.browsing import pages, tools

    return of_parts([library.version, of_code(pages, tools)])


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _refuse_unknown(spec: ToolSpec, arguments: Mapping[str, Any]) -> None:
    parameters = spec.parameters["properties"]
    if any(key not in parameters for key in arguments):
        raise Wrong("bad_arguments", f"{spec.name} takes {', '.join(parameters)} and nothing else.")


def _text(arguments: Mapping[str, Any], key: str) -> str:
    value = arguments.get(key)
    if not isinstance(value, str) or not value.strip():
        raise Wrong("bad_arguments", f"`{key}` has to be a text.")
    return value.strip()


def _number(arguments: Mapping[str, Any], key: str) -> int | None:
    """A whole number; None where it is not given."""
    value = arguments.get(key)
    if value is None:
        return None
    number = _as_number(value)
    if number is None:
        raise Wrong("bad_arguments", f"`{key}` has to be a whole number.")
    return number


def _as_number(value: object) -> int | None:
    """A whole number, also where a model wrote it as a text or with a point."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
        return int(number) if number.is_integer() and abs(number) < 2**31 else None
    except (ValueError, OverflowError):
        return None


def _results(cursor: int, results: Results) -> str:
    query = one_line(results.query, LONGEST_PATTERN)
    if not results.hits:
        return f"[{cursor}] No page was found for “{query}”. Try fewer or other words."
    lines = [f"[{cursor}] {len(results.hits)} results for “{query}”. {OPEN} with id and cursor={cursor} reads one."]
    for number, hit in enumerate(results.hits):
        lines.append(f"{number}: {one_line(hit.title, LONGEST_TITLE)} ({one_line(hit.name, LONGEST_TITLE)})")
        lines.append(f"   {one_line(hit.snippet, LONGEST_SNIPPET)}")
    return "\n".join(lines)


def _view(cursor: int, page: Page, first: int, most: int) -> str:
    lines = page.lines
    if first >= len(lines):
        raise Wrong("not_found", f"[{cursor}] has {len(lines)} lines, numbered from 0.")
    end = min(first + most, len(lines))
    title, name = one_line(page.title, LONGEST_TITLE), one_line(page.name, LONGEST_TITLE)
    told = [f"[{cursor}] {title} ({name}), lines {first} to {end - 1} of {len(lines)}"]
    told += [f"L{number}: {lines[number]}" for number in range(first, end)]
    if end < len(lines):
        told.append(f"[Lines {end} to {len(lines) - 1} are not shown: {OPEN} with cursor={cursor}, loc={end} goes on.]")
    return "\n".join(told)


def _matches(cursor: int, page: Page, pattern: str) -> str:
    wanted = pattern.casefold()
    found = [number for number, line in enumerate(page.lines) if wanted in line.casefold()]
    told = [f"[{cursor}] “{pattern}” is on {len(found)} of {len(page.lines)} lines."]
    told += [f"L{number}: {page.lines[number]}" for number in found[:FOUND_LINES]]
    if len(found) > FOUND_LINES:
        told.append(
            f"[{len(found) - FOUND_LINES} more lines are not shown, the first is L{found[FOUND_LINES]}: {OPEN} with "
            f"cursor={cursor}, loc={found[FOUND_LINES]}, or find a longer text.]"
        )
    return "\n".join(told)
