"""What the report tells, and what it is made of."""

from __future__ import annotations

import io
import re
import time
import xml.etree.ElementTree

import pandas
import pytest
from PIL import Image

from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.scoring.report.figure_tables import contrast_table
from clinseek_assets.scoring.report.leaderboard_tables import TIED, leaderboard_tables
from clinseek_assets.scoring.report.plots.fields import coverage_fields
from clinseek_assets.scoring.report.plots.forest import forests, policy_forests
from clinseek_assets.scoring.report.plots.scatter import settings_scatter
from clinseek_assets.scoring.report.sections import SECTIONS
from clinseek_assets_tests.scoring.report.made_up import FLOOR, Made, made_up_home, material_of, report_of

A_SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)


def plots_of(made: Made):
    return [plot for of_split in made.drawn.values() for plots in of_split.values() for plot in plots]


def test_every_section_of_both_splits_has_something_to_show(made: Made):
    for split, sections in made.drawn.items():
        for section in SECTIONS:
            assert f'id="{split}-{section.name}"' in made.html and f'href="#{split}-{section.name}"' in made.html
            assert bool(sections[section.name]) == bool(section.plots), (split, section.name)
    assert made.html.count("<svg") == len(plots_of(made)) > 25
    assert len({plot.name for plot in plots_of(made)}) == len(plots_of(made))
    text = made.drawn["text"]
    assert [plot.name for plot in text["cost"]] == ["text-dollars", "text-tokens"]
    assert len(text["contrasts"]) == 3 + 1 and len(text["policies"]) == 2 and len(text["answers"]) == 3


def test_the_page_needs_nothing_beside_it(made: Made):
    assert not re.search(r"(src|href)=\"(?!#|data:)", made.html.replace("xlink:href", "use"))
    assert not re.search(r"https?://(?!www\.w3\.org/)", made.html)
    assert "<script" not in made.html and "default-src 'none'" in made.html


def test_ids_are_unique_and_what_is_used_is_there(made: Made):
    ids = re.findall(r'\sid="([^"]+)"', made.html)
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', made.html))
    assert {one or other for one, other in used} <= set(ids)


def test_plots_are_drawings_with_text_for_every_reader(made: Made):
    for drawn in A_SVG.findall(made.html):
        root = xml.etree.ElementTree.fromstring(drawn.replace("xlink:href", "href"))
        assert root.get("role") == "img" and len(str(root.get("aria-label"))) > 30
        texts = ["".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")]
        assert len([text for text in texts if text.strip()]) > 3
        assert "currentColor" in drawn and "<metadata" not in drawn and "#010203" not in drawn


def test_pictures_are_small_and_carry_no_metadata(made: Made):
    for plot in (made.drawn["text"]["subtasks"][0], made.drawn["text"]["cost"][0]):
        png = plot.png()
        with Image.open(io.BytesIO(png)) as image:
            assert len(image.convert("RGB").getcolors(1 << 24) or []) > 2
            assert not image.info.keys() - {"transparency"}
        assert len(png) < 60_000
        assert not re.search(rb"tEXt|iTXt|zTXt|eXIf|tIME", png)


def test_tables_have_intervals_and_ties(made: Made):
    assert "+2.0 to +18.0" in made.html
    assert 'title="Holm-corrected p 0.20">≈' in made.html
    opus = next(line for line in made.html.split("<tr") if ">Claude Opus 4.6<" in line)
    assert "≈" not in opus and "+2.0 to +18.0" in opus
    assert "60.2" in made.html and "-3.0" in made.html  # beside the published figure


def test_floor_rows_stand_in_tables_and_in_no_contrast(made: Made):
    assert FLOOR in made.materials[0].models and FLOOR not in made.materials[0].participants
    assert all(FLOOR not in plot.svg() for plot in made.drawn["text"]["contrasts"])
    assert any(FLOOR in plot.svg() for plot in made.drawn["text"]["subtasks"])


def test_names_are_text_and_no_markup(tmp_path):
    layout = made_up_home(tmp_path, 1, tuple(SUBTASKS)[16:20])
    for mart in ("text_leaderboard", "text_figures", "paired_deltas", "subtask_scores"):
        frame = pandas.read_parquet(layout.mart(mart))
        frame.replace({"model": {"Claude Opus 4.6": "<b>$x_1$ & co"}}).to_parquet(layout.mart(mart))
    material = material_of(layout, "text")
    forest = next(forests(material)).svg()
    for html in (leaderboard_tables(material, "strict"), contrast_table(material), forest):
        assert "<b>$x_1$" not in html and "&lt;b&gt;$x_1$ &amp; co" in html


def test_without_paired_deltas_the_leaderboard_s_own_stand_in(tmp_path):
    layout = made_up_home(tmp_path, 1, tuple(SUBTASKS)[16:20], paired=False)
    material = material_of(layout, "text")
    contrasts = material.contrasts
    assert set(contrasts["contrast"]) == {"seeking-curated_strict", "seeking_compat-curated"}
    row = material.tables.leaderboard.iloc[0]
    shown = contrasts[(contrasts["model"] == row["model"]) & (contrasts["mode"] == "strict")]
    assert row["overall_delta"] in set(shown.loc[shown["column"] == "overall", "delta"])
    html = leaderboard_tables(material, "strict")
    assert f">{100 * row['overall_delta']:+.1f}<" in html and "+2.0 to +18.0" not in html and TIED not in html
    assert len(list(forests(material))) == 3 and not list(policy_forests(material))


def test_a_subtask_of_too_few_patients_is_not_told_of(made: Made):
    hidden = made.materials[0].hidden
    assert list(hidden["subtask"]) == list(tuple(SUBTASKS)[17:20])
    assert hidden[["hidden_rows", "hidden_values"]].drop_duplicates().to_numpy().tolist() == [[100.0, 3.0]]


def test_answers_are_counted(made: Made):
    answered = made.materials[0].answered.set_index(["model", "arm"]).loc[("Claude Opus 4.6", "seeking")]
    assert (answered["answers"], answered["patients"], answered["finished"]) == (80, 20, pytest.approx(0.9))
    assert (answered["rounds"], answered["tool_calls"], answered["prompt_tokens"]) == (9, 12, 4000)


def test_plots_are_the_same_each_time(made: Made):
    material = made.materials[0]
    for draw in (forests, settings_scatter, coverage_fields):
        assert next(draw(material)).svg() == next(draw(material)).svg()


@pytest.mark.slow
def test_twelve_models_over_the_whole_grid_take_less_than_15_seconds(tmp_path):
    layout = made_up_home(tmp_path, 12)
    begin = time.process_time()
    made = report_of(layout)
    pictures = [plot.png() for plot in plots_of(made)]
    assert time.process_time() - begin < 15
    assert sum(map(len, pictures)) < 1_500_000
