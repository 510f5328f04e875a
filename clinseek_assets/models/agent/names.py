"""The names that models call tools by, read as the published ones."""

from __future__ import annotations

from collections.abc import Collection

EHR, BROWSER, IMAGE = "ehr", "browser", "image"
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


def offered_name(name: str, offered: Collection[str]) -> str:
    """The image tool that a published name stands for, where one is offered and no other tool has the name.

    Models say `chest_xray_classifier`, `image_chest_xray_classifier` or `image.chest_xray_classifier`; the published
    rule makes an EHR tool's name of all but the last. Without image tools every name stays as it is.
    """
    if name in offered or not name.startswith(f"{EHR}."):
        return name
    bare = name.removeprefix(f"{EHR}.")
    meant = (f"{IMAGE}.{bare}", f"{IMAGE}.{bare.removeprefix(f'{IMAGE}_')}")
    return next((image_tool for image_tool in meant if image_tool in offered), name)


def is_browsing(name: str) -> bool:
    """Whether a published name is one of the browser's."""
    return name.startswith(f"{BROWSER}.")


def is_imaging(name: str) -> bool:
    """Whether a published name is an image tool's."""
    return name.startswith(f"{IMAGE}.")
