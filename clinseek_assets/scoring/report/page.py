"""The report as one HTML file that needs nothing beside it and calls nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from clinseek_assets.scoring.report.leaderboard_tables import MODES, TIED, leaderboard_tables
from clinseek_assets.scoring.report.material import Material
from clinseek_assets.scoring.report.plots.drawing import Plot
from clinseek_assets.scoring.report.sections import SECTIONS, Section
from clinseek_assets.scoring.report.style import STYLE

# Even a mistake in the page could load nothing from elsewhere.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
LEADERBOARD = "leaderboard"
# Section -> its plots.
Drawn = Mapping[str, Sequence[Plot]]


def draw(material: Material) -> dict[str, list[Plot]]:
    """The plots of each section of a split; none of a split in which no model was run."""
    return {section.name: section.drawn(material) for section in SECTIONS} if material.models else {}


def page(materials: Sequence[Material], drawn: Mapping[str, Drawn], release: str) -> str:
    """The page.

    Args:
        materials: what there is of each split.
        drawn: split -> section -> plots, as `draw` gives them.
        release: what the release is: official, synthetic, or built.
    """
    splits = "".join(split_part(material, drawn[material.board.split]) for material in materials)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><link rel="icon" href="data:,">'
        f"<title>ClinSeek-Bench</title><style>{STYLE}</style></head><body><h1>ClinSeek-Bench</h1>"
        f"<p>Release: <b>{escape(release)}</b>. F1 in percentage points, mean over questions, with 95% intervals "
        "clustered by patient. Empty: not run, or of too few patients. Floor rows are constant answers and have no "
        f"rank; below 98% coverage nobody has one. {TIED} marks a Δ that its test, corrected "
        "after Holm, does not tell from zero.</p>"
        f"<nav>{''.join(map(contents, materials))}</nav>{splits}</body></html>\n"
    )


def contents(material: Material) -> str:
    """A split's part of the table of contents."""
    split = material.board.split
    sections = [(LEADERBOARD, "Leaderboard"), *((section.name, section.title) for section in SECTIONS)]
    links = "".join(f'<li><a href="#{split}-{name}">{escape(title)}</a></li>' for name, title in sections)
    return f'<b><a href="#{split}">{split.capitalize()} split</a></b><ul>{links if material.models else ""}</ul>'


def split_part(material: Material, drawn: Drawn) -> str:
    """One split's part of the page."""
    board = material.board
    title = f'<h2 id="{board.split}">{board.split.capitalize()} split</h2>'
    if not material.models:
        return f"{title}<p>No model was run in this split.</p>"
    modes = "".join(
        f"<p>{escape(told)} {escape(board.what_is_overall)}</p>{leaderboard_tables(material, mode)}"
        for mode, told in MODES.items()
    )
    sections = "".join(section_part(section, material, drawn[section.name]) for section in SECTIONS)
    return f'{title}{suppression(material)}<h3 id="{board.split}-{LEADERBOARD}">Leaderboard</h3>{modes}{sections}'


def suppression(material: Material) -> str:
    """How many figures are not shown, and why."""
    if not material.suppressed:
        return ""
    return (
        f"<p>{material.suppressed} figures of fewer than {material.fewest_patients} patients, or from which such a "
        "figure could be worked out, are left out.</p>"
    )


def section_part(section: Section, material: Material, plots: Sequence[Plot]) -> str:
    """One section: how to read it, its plots, its table; words where it has neither."""
    table = section.table(material)
    figures = f'<div class="plots">{"".join(map(figure_part, plots))}</div>' if plots else ""
    nothing = "" if plots or table else f'<p class="nothing">{escape(section.nothing)}</p>'
    return (
        f'<section><h3 id="{material.board.split}-{section.name}">{escape(section.title)}</h3>'
        f"<p>{escape(section.told)}</p>{figures}{table}{nothing}</section>"
    )


def figure_part(plot: Plot) -> str:
    """One plot. Its box can be scrolled by keyboard as well, where it is wider than the page."""
    return f'<figure tabindex="0">{plot.svg()}</figure>'
