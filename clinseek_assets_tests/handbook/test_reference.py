"""The reference: the pages that are committed are those that the code makes, and leave nothing out."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinseek_assets.assets.graph import Graph
from clinseek_assets.automation.code_location import CodeLocation
from clinseek_assets.build import build
from clinseek_assets.cli import COMMANDS
from clinseek_assets.handbook.markdown import attributes, paragraph
from clinseek_assets.handbook.pages import pages
from clinseek_assets.handbook.subject import nothing_named
from clinseek_assets.locations.settings import KEYS, project_folder
from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.models.registry import Model
from clinseek_assets_tests.conftest import with_dbt

DOCS = project_folder() / "docs"
PAGES = ("commands", "settings", "models_yaml", "assets", "checks", "automation", "marts", "source_tables")


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory, parsed_dbt: None) -> CodeLocation:
    return build(with_dbt(nothing_named(tmp_path_factory.mktemp("nothing"))))


@pytest.fixture(scope="module")
def made(described: CodeLocation) -> dict[str, str]:
    return pages(described)


@pytest.mark.parametrize("name", [*(f"reference/{page}.md" for page in PAGES), "time_policy.md"])
def test_a_committed_page_is_what_the_code_makes(made: dict[str, str], name: str):
    path = DOCS / name
    assert path.is_file() and path.read_text(encoding="utf-8") == made[name], f"docs/{name} is old: run `make docs`"


def test_every_page_that_is_made_is_looked_at(made: dict[str, str]):
    assert set(made) == {*(f"reference/{page}.md" for page in PAGES), "time_policy.md"}
    assert {path.name for path in (DOCS / "reference").iterdir()} == {f"{page}.md" for page in PAGES}


def test_nothing_is_left_out(made: dict[str, str], described: CodeLocation):
    graph: Graph = described.graph
    keys = {key.to_user_string() for key in graph.keys} | {spec.key.to_user_string() for spec in graph.absent}
    assert not [key for key in keys if f"`{key}`" not in made["reference/assets.md"]]
    checks = {spec.name for each in graph.artifacts if each.name != "marts" for spec in each.definition.check_specs}
    assert not [name for name in checks if f"| `{name}` |" not in made["reference/checks.md"]]
    assert not [name for name in COMMANDS if f"## `clinseek {name}`" not in made["reference/commands.md"]]
    assert not [key for key in KEYS if f"| `{key}` |" not in made["reference/settings.md"]]
    for table in TABLES.values():
        page, heading = made["reference/source_tables.md"], f"### `{table.module}/{table.name}`"
        section = page.partition(heading)[2].partition("###")[0]
        assert not [name for name in table.column_names if f"| `{name}` |" not in section], table.name


def test_no_line_of_a_table_has_more_or_fewer_cells_than_its_head(made: dict[str, str]):
    for name, text in made.items():
        width = 0
        for line in text.splitlines():
            cells = line.replace("\\|", "").count("|")
            width = cells if line.startswith("|") and not width else width if line.startswith("|") else 0
            assert not line.startswith("|") or cells == width, f"{name}: {line}"


def test_no_page_knows_the_machine_that_made_it(made: dict[str, str], described: CodeLocation):
    strangers = (str(described.home.layout.home), str(project_folder()), str(Path.home()) + "/")
    assert not [name for name, text in made.items() for stranger in strangers if stranger in text]


def test_keys_are_explained_by_the_docstring_that_checks_them():
    told = attributes(Model)
    assert told["max_rounds"].startswith("most calls of the model a question")
    assert "read calls" not in told["prompt_cache"]
    assert told["native_tools"].endswith("calls out of the text.")
    assert paragraph(Model) == "One model that may be evaluated."
