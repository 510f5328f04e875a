"""Every page that is made from the code, by its path below `docs/`."""

from __future__ import annotations

from collections.abc import Iterator

from clinseek_assets.automation.code_location import CodeLocation
from clinseek_assets.handbook.assets import assets_page
from clinseek_assets.handbook.automation import automation_page
from clinseek_assets.handbook.checks import checks_page
from clinseek_assets.handbook.commands import commands_page
from clinseek_assets.handbook.marts import marts_page
from clinseek_assets.handbook.registry import registry_page
from clinseek_assets.handbook.settings import settings_page
from clinseek_assets.handbook.source_tables import source_tables_page
from clinseek_assets.mimic.visibility.document import document

REMARK = "<!-- Made from the code by `make docs`; do not edit it here. -->"


def pages(location: CodeLocation) -> dict[str, str]:
    """Path below `docs/` -> the page's Markdown.

    Args:
        location: over `subject.nothing_named`.
    """
    reference = {
        "commands": commands_page(),
        "settings": settings_page(),
        "models_yaml": registry_page(),
        "assets": assets_page(location.graph, location.home),
        "checks": checks_page(location.graph),
        "automation": automation_page(location.definitions),
        "marts": marts_page(),
        "source_tables": source_tables_page(),
    }
    made = {f"reference/{name}.md": finished(lines) for name, lines in reference.items()}
    return {**made, "time_policy.md": document()}


def finished(lines: Iterator[str]) -> str:
    """A page's lines under the remark that it is made, with one line end at the end."""
    return "\n".join([REMARK, "", *lines]).rstrip() + "\n"
