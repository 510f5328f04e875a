"""Every block of the documentation is held against what is there: commands, targets, settings, the registry."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from clinseek_assets.locations.settings import KEYS, read_settings_file
from clinseek_assets.models.registry import load_registry
from clinseek_assets.records.tools.meanings import MODEL_VARIABLE as CANDIDATES_MODEL
from clinseek_assets.resources.operating import load_operating
from clinseek_assets.scoring.multimodal.vocabulary_mapping import MODEL_VARIABLE as MAPPING_MODEL
from clinseek_assets_tests.handbook.blocks import BLOCKS, LANGUAGES, PROJECT, REFERENCE, Block, of, pages
from clinseek_assets_tests.handbook.shell_lines import commands_of, wrong_usage

# How many blocks no test carries out or validates, with the reason above each; examples of `--help` are not counted.
NOT_RUN = 29
NOT_CHECKED = 2
VARIABLE = re.compile(r"^(?:CLINSEEK_\w+|\w+_ROOT)$")
FURTHER_VARIABLES = {CANDIDATES_MODEL, MAPPING_MODEL, "MIMIC_DEMO_ROOT"}
TARGETS = set(re.findall(r"^([a-z][\w-]*):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
MENTION = re.compile(r"`(clinseek [^`]+|make [a-z][\w-]*)`")
LINK = re.compile(r"(?<!\!)\[[^\]\n]*\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)")


def named(blocks: list[Block]) -> list[object]:
    return [pytest.param(block, id=block.place) for block in blocks]


def test_every_block_says_what_it_is_and_no_remark_is_without_a_reason():
    assert {block.place: block.language for block in BLOCKS if block.language not in LANGUAGES} == {}
    assert [block.place for block in BLOCKS if block.remark.startswith("not") and not block.why] == []
    fits = {"not run": "sh", "open demo": "sh", "not checked": "yaml", "": None}
    assert [block.place for block in BLOCKS if fits[block.remark] not in (None, block.language)] == []
    assert len(of("sh")) > 20 and len(of("yaml")) > 5


def test_what_is_passed_over_is_counted():
    counted = Counter(block.remark for block in BLOCKS if not block.page.startswith(REFERENCE))
    assert (counted["not run"], counted["not checked"]) == (NOT_RUN, NOT_CHECKED)


@pytest.mark.parametrize("block", named(of("sh")))
def test_commands_are_ones_that_there_are(block: Block):
    wrong = []
    for command in commands_of(block.text):
        wrong += [
            f"{one} is no setting"
            for one in (each.partition("=")[0] for each in command.assigned)
            if VARIABLE.match(one) and one not in KEYS and one not in FURTHER_VARIABLES
        ]
        if command.program == "clinseek":
            wrong += filter(None, [wrong_usage(list(command.words[1:]))])
        if command.program == "make":
            wrong += [
                f"make has no target «{word}»" for word in command.words[1:] if "=" not in word and word not in TARGETS
            ]
    assert wrong == [], block.place


@pytest.mark.parametrize("block", named([block for block in of("yaml") if block.remark != "not checked"]))
def test_yaml_is_what_our_models_take(block: Block, tmp_path: Path):
    """A block is a `clinseek.yaml`, a `models.yaml`, or entries of one of its lists."""
    content, path = yaml.safe_load(block.text), tmp_path / "block.yaml"
    if isinstance(content, list):
        kind = "endpoints" if "kind" in content[0] else "models"
        content = {kind: content}
    if {key.upper() for key in content} <= set(KEYS):
        path.write_text(block.text)
        assert read_settings_file(path)
        return
    path.write_text(yaml.safe_dump({"models": [], **content}, sort_keys=False))
    load_operating(path, load_registry(path))


@pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(PROJECT))) for path in pages()])
def test_commands_in_sentences_and_links_lead_somewhere(path: Path):
    text = path.read_text(encoding="utf-8")
    wrong = []
    for mention in MENTION.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if "…" in mention or "|" in mention or "[" in mention:
            continue
        for command in commands_of(mention):
            if command.program == "make":
                wrong += [f"make has no target «{word}»" for word in command.words[1:] if word not in TARGETS]
            elif reason := wrong_usage(list(command.words[1:]), lenient=True):
                wrong.append(reason)
    for target in filter(None, (first or second for first, second in LINK.findall(text))):
        file, _, anchor = target.partition("#")
        if re.match(r"^[a-z]+:", target):
            continue
        there = (path.parent / file).resolve() if file else path
        if not there.exists():
            wrong.append(f"the link to {target} leads nowhere")
        elif anchor and there.suffix == ".md" and anchor not in anchors_of(there):
            wrong.append(f"{target}: there is no such heading")
    assert wrong == []


def test_every_page_is_in_the_index():
    index = (PROJECT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = {(PROJECT / "docs" / (first or second)).resolve() for first, second in LINK.findall(index)}
    below = {path for path in pages() if path.is_relative_to(PROJECT / "docs") and path.name != "README.md"}
    assert {str(path.relative_to(PROJECT)) for path in below - linked} == set()


def anchors_of(path: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("clinseek evaluate --model m --arm sekking", "is not one of"),
        ("clinseek synthesize --profile small", "--out is needed"),
        ("clinseek evaluate --model m --subtask labevent", "no subtask"),
        ("clinseek evaluate --model m --limit many", "not a valid"),
        ("clinseek evaluate --model m --no-such-option", "No such option"),
        ("X=1 .venv/bin/clinseek nothing && ls", "no command"),
        ("clinseek models tell", "no command"),
        ("clinseek verify a.json b.json", "one argument too many"),
    ],
)
def test_a_wrong_command_is_found(line: str, reason: str):
    told = [wrong_usage(list(command.words[1:])) for command in commands_of(line) if command.program == "clinseek"]
    assert told and reason in str(told[0])


def test_a_shell_line_is_taken_apart():
    text = "export A=b C=d\nCLINSEEK_HOME=x clinseek show \\\n  Q --full | less -R  # a reader's\n\nmake ui > log 2>&1"
    assert [(command.assigned, command.words) for command in commands_of(text)] == [
        (("A=b", "C=d"), ()),
        (("CLINSEEK_HOME=x",), ("clinseek", "show", "Q", "--full")),
        ((), ("less", "-R")),
        ((), ("make", "ui")),
    ]
