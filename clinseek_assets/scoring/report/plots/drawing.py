"""A drawn plot: as SVG inside the page, which follows the page's colours, and as a small PNG for the asset's page."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from clinseek_assets.scoring.report.arms import Mark

# Everything that is no data is drawn in this ink, which the page replaces by its own text colour, light or dark.
INK = "#010203"
FAINT = "#888888"
LONGEST_LABEL = 26
LETTERS_AN_INCH = 12  # of a title
PNG_COLOURS = 64
PNG_DPI = 80
ROW = 0.3  # inches a row of a plot with a row a model
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "text.parse_math": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
}
OF_NO_USE = re.compile(r"<metadata>.*?</metadata>|<style type=\"text/css\">.*?</style>|<!--.*?-->", re.DOTALL)
AN_ID = re.compile(r' id="([^"]+)"')
A_USE = re.compile(r'(?:xlink:href="|url\()#([^")]+)')


@dataclass(frozen=True)
class Plot:
    """One plot.

    Attributes:
        name: unique on the page; letters, digits and `-`.
        title: what it shows, in a few words.
        told: the same for who does not see it: what is on which axis, and what to take from it.
        figure: what was drawn.
    """

    name: str
    title: str
    told: str
    figure: Figure

    def svg(self) -> str:
        """The plot as an `<svg>` element whose text is text, in the colour of the text around it."""
        from matplotlib import rc_context
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        buffer = io.StringIO()
        with rc_context({**STYLE, "svg.fonttype": "none", "svg.hashsalt": self.name}):
            FigureCanvasSVG(self.figure).print_svg(buffer, metadata={"Date": None})
        drawn = OF_NO_USE.sub("", buffer.getvalue())
        drawn = drawn[drawn.index("<svg") :].replace(INK, "currentColor")
        used = set(A_USE.findall(drawn))
        drawn = AN_ID.sub(lambda found: f' id="{self.name}-{found[1]}"' if found[1] in used else "", drawn)
        drawn = A_USE.sub(lambda found: f"{found[0].removesuffix(found[1])}{self.name}-{found[1]}", drawn)
        return drawn.replace("<svg", f'<svg role="img" aria-label="{escape(self.told)}"', 1)

    def png(self) -> bytes:
        """The plot as a PNG of few colours on white, without any metadata."""
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from PIL import Image

        self.figure.set_dpi(PNG_DPI)
        canvas, written = FigureCanvasAgg(self.figure), io.BytesIO()
        with rc_context(STYLE):
            canvas.draw()
        drawn = Image.frombytes("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba()))
        white = Image.new("RGBA", drawn.size, "white")
        Image.alpha_composite(white, drawn).convert("RGB").quantize(PNG_COLOURS).save(written, "PNG", optimize=True)
        return written.getvalue()


@contextmanager
def sheet(title: str, width: float, height: float) -> Iterator[tuple[Figure, Axes]]:
    """A figure of this size in inches with a title and one pair of axes, to be drawn on in the report's style."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    with rc_context(STYLE):
        figure, engine = Figure(figsize=(width, height)), ConstrainedLayoutEngine()
        figure.suptitle(textwrap.fill(title, int(LETTERS_AN_INCH * width)), fontsize=9)
        yield figure, figure.subplots()
        engine.execute(figure)  # once for all pictures of it


def short(name: str) -> str:
    """A name that fits beside an axis: the middle of a long one is left out."""
    kept = (LONGEST_LABEL - 1) // 2
    return name if len(name) <= LONGEST_LABEL else f"{name[:kept]}…{name[-kept:]}"


def rows_downwards(axes: Axes, names: Sequence[str]) -> None:
    """A row a name (see `short`), the first one on top."""
    axes.set_yticks(range(len(names)), list(names))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")


def logarithmic(axes: Axes, linear_until: float = 0.0) -> None:
    """A logarithmic scale across, with plain numbers; linear up to a number where zero has to have a place."""
    axes.set_xscale("symlog", linthresh=linear_until) if linear_until else axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.xaxis.set_minor_formatter("")


def style_of(mark: Mark) -> dict[str, Any]:
    """How `plot` draws points with this mark; an edge in ink keeps light colours in sight."""
    return {
        "linestyle": "none",
        "marker": mark.shape,
        "markersize": 5,
        "markerfacecolor": mark.colour if mark.filled else "none",
        "markeredgecolor": INK if mark.filled else mark.colour,
        "markeredgewidth": 0.5 if mark.filled else 1.4,
        "clip_on": False,
        "label": mark.title,
    }


def beside(place: int, others: int, apart: float) -> float:
    """How far the points of one series lie from the middle of their row, so that equal ones do not hide each other.

    Args:
        place: of the series among all, from 0 on.
        others: how many series there are.
        apart: half of the distance between two neighbours, in rows.
    """
    return apart * (2 * place - others + 1)


def legend_below(figure: Figure, axes: Axes, columns: int = 2) -> None:
    """The legend under the axes, each title once: one alone also says what its marks are."""
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    if once:
        figure.legend(list(once.values()), list(once), loc="outside lower center", ncols=columns, fontsize=7)
