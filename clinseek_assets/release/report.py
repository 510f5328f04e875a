"""What was found of a release, as a page to keep or to send: counts and row numbers, never a patient's value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clinseek_assets.release.checks import ReleaseCheck


def markdown_report(checks: Sequence[ReleaseCheck], title: str) -> str:
    """The checks as a Markdown page: a verdict, what fails, what differs and may, and all that holds.

    Args:
        checks: in the order in which they were made.
        title: what was looked at.
    """
    failing = [check for check in checks if not check.ok]
    warnings = [check for check in checks if check.warning]
    holding = [check for check in checks if check.ok and not check.warning]
    verdict = f"{len(failing)} of {len(checks)} checks fail." if failing else f"All {len(checks)} checks hold."
    parts = [f"# {title}", verdict]
    parts += _section("What fails", failing)
    parts += _section("What differs and may", warnings)
    parts += _section("What holds", holding)
    return "\n\n".join(parts) + "\n"


def _section(heading: str, checks: Sequence[ReleaseCheck]) -> list[str]:
    if not checks:
        return []
    header = "| check | expected | found | first |\n|---|---:|---:|---|"
    return [f"## {heading}", "\n".join([header, *map(_line, checks)])]


def _line(check: ReleaseCheck) -> str:
    return _cells([check.name, _figure(check.expected), _figure(check.found), "; ".join(check.first)])


def _figure(value: int | str) -> str:
    return f"{value:,}" if isinstance(value, int) else value


def _cells(texts: Iterable[str]) -> str:
    """One line of a table: what would end a cell or a line is written out."""
    return f"| {' | '.join(text.replace('|', chr(92) + '|').replace(chr(10), '<br>') for text in texts)} |"
