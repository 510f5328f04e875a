"""The names that models call tools by, read as the published ones."""

from __future__ import annotations

EHR, BROWSER = "ehr", "browser"
BROWSER_TOOLS = frozenset({"search", "open", "find"})
FINISH = "ehr.finish"


def published_name(said: str) -> str:
    """The published name that a call's name stands for, by the published driver's rule.

    `browser_x` and `ehr_x` are `browser.x` and `ehr.x`; `search`, `open` and `find` alone are the browser's; any other
    name without a dot is an EHR tool's. A name with a dot stays as it is. Whether there is such a tool is the toolbox'
    business.
    """
    name = said.strip()
    if "." in name:
        return name
    for space in (BROWSER, EHR):
        if name.startswith(f"{space}_"):
            return f"{space}.{name.removeprefix(f'{space}_')}"
    return f"{BROWSER if name in BROWSER_TOOLS else EHR}.{name}"


def is_browsing(name: str) -> bool:
    """Whether a published name is one of the browser's."""
    return name.startswith(f"{BROWSER}.")
