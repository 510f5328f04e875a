"""The page of the source tables: every column that is read, and when what stands in it is known."""

from __future__ import annotations

from collections.abc import Iterator

from clinseek_assets.handbook.markdown import code, table
from clinseek_assets.mimic.catalogue import CATALOGUES, CXR_TABLES, TABLES
from clinseek_assets.mimic.tables import Column, Table
from clinseek_assets.mimic.visibility.document import told
from clinseek_assets.mimic.visibility.policies import POLICIES
from clinseek_assets.mimic.visibility.rule import Rule

HEAD = """# Source tables

The catalogue: what is read of each dataset, column by column, and the `strict` rule of when it is known. A column
that is not listed is not read. How the rules are written (K, ADM, END, BILL) and why they are as they are:
[time_policy.md](../time_policy.md). A required column is marked with `!`.
"""
TITLES = {
    "ed": "MIMIC-IV-ED",
    "hosp": "MIMIC-IV: hosp",
    "icu": "MIMIC-IV: icu",
    "note": "MIMIC-IV-Note",
    "mimic_cxr": "MIMIC-CXR-JPG",
    "ehrxqa": "EHRXQA",
    "medmod": "MedMod",
}
OF_THE_GRAPH = "Lists that links are made by; no model is shown them."


def source_tables_page() -> Iterator[str]:
    """The 41 tables of MIMIC-IV, then those of the other datasets."""
    yield HEAD
    modules: dict[str, list[Table]] = {}
    catalogues = (TABLES, CXR_TABLES, *(CATALOGUES[name].tables for name in ("ehrxqa", "medmod")))
    for each in (each for catalogue in catalogues for each in catalogue.values()):
        modules.setdefault(each.module, []).append(each)
    yield from table(("dataset", "tables"), [(TITLES[name], str(len(tables))) for name, tables in modules.items()])
    for module, tables in modules.items():
        yield from (f"## {TITLES[module]}", "")
        for each in tables:
            yield from of_table(each)


def rule_of(each: Table) -> Rule | None:
    """The rule of time of a table; dictionaries and lists have none."""
    dataset = each.module if each.module in POLICIES else "mimic_iv"
    return POLICIES[dataset].rules.get(each.name) if each.module != "mimic_cxr" else None


def of_table(each: Table) -> Iterator[str]:
    """One table."""
    rule = rule_of(each)
    yield from (f"### `{each.module}/{each.name}`", "", each.description, "")
    if rule:
        yield f"- A row is known: {told(rule.row)} ({rule.why})"
    elif each.module == "mimic_cxr":
        yield f"- {OF_THE_GRAPH}"
    else:
        yield "- A dictionary: taken whole, and known always."
    yield f"- Key: {code(each.key)}"
    if each.optional:
        yield f"- Columns that some builds lack: {code(each.optional)}"
    yield ""
    yield from table(("column", "type", "what it is", "known"), [of_column(each, one, rule) for one in each.columns])


def of_column(each: Table, column: Column, rule: Rule | None) -> tuple[str, str, str, str]:
    """One column."""
    mark = "!" if column.required else ""
    return f"`{column.name}`", f"{column.type.word}{mark}", column.description, known(column.name, rule)


def known(name: str, rule: Rule | None) -> str:
    """When a column's value is known, as far as that differs from its row."""
    if rule is None:
        return ""
    if name in rule.with_row:
        return "with its row"
    if later := next((one for one in rule.settled if name in one.columns), None):
        return f"{told(later.known)}: {later.why}"
    return next((f"never: {why}" for column, why in rule.never if column == name), "never: no rule names it")
