"""What a model got wrong, or what is not to be had: told to it in words, and kept for the record as one word."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from rapidfuzz import fuzz, process

ALIKE = 60  # of 100, from which a name is suggested for another


class Mistake(Exception):
    """A call that does not do what it says; its text is fit for the model.

    Args:
        problem: the word of `ToolReply.problem`.
        text: what is wrong, and what to do instead.
    """

    def __init__(self, problem: str, text: str) -> None:
        super().__init__(text)
        self.problem = problem


def found_name(given: str, names: Collection[str], what: str) -> str:
    """The name that was meant, whatever its case and the blanks around it.

    Args:
        given: as the model wrote it.
        names: those that there are.
        what: what they are names of, in the singular.

    Raises:
        Mistake: there is no such name; it tells those that come near, and all of them.
    """
    folded = given.strip().strip("\"'`").casefold()
    for name in names:
        if name.casefold() == folded:
            return name
    raise Mistake("not_found", f"There is no {what} «{shortened(given)}».{suggestion(folded, names)} {listed(names)}")


def suggestion(given: str, names: Iterable[str]) -> str:
    """A sentence with the name that an unknown one comes nearest to, or nothing."""
    near = process.extractOne(given, list(names), scorer=fuzz.ratio, score_cutoff=ALIKE)
    return f" Did you mean {near[0]}?" if near else ""


def listed(names: Collection[str]) -> str:
    """A sentence with all names."""
    return f"There are: {', '.join(names)}." if names else "There is none at all."


def sound(text: str) -> str:
    """A text that can be written as UTF-8: half a surrogate pair, which JSON can hold, becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


def shortened(text: str, most: int = 60) -> str:
    """The beginning of what a model wrote, on one line, to be quoted."""
    line = " ".join(sound(text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
