"""The campaign record as Markdown: the same facts as its JSON, in the order in which a methods section tells them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

NOTHING = "–"
EFFECTS = ("f1", "of answers alone", "missing as wrong", "missing as right", "without troubled calls")


def markdown(record: Mapping[str, Any]) -> str:
    """The whole text.

    Args:
        record: of `record.campaign_record`.
    """
    parts = (benchmark, plan, models, asked, outcomes, effort, calls, versions)
    return "\n".join(["# Campaign record", "", *(line for part in parts for line in part(record))])


def benchmark(record: Mapping[str, Any]) -> Iterator[str]:
    """What the questions were rebuilt from."""
    yield from ("## The benchmark", "")
    rows = [
        [split, *(facts[name] for name in ("questions", "patients", "data", "sha256"))]
        for split, facts in record["manifests"].items()
    ]
    yield from table(("split", "questions", "patients", "data", "SHA-256 of the manifest"), rows)
    rows = [[found["input"], found["version"], found["state"]] for found in record["inputs"]]
    yield from table(("input", "version", "state"), rows)
    seal = record["seal"]
    yield f"Seal: {seal['file']}, SHA-256 {seal['sha256']}." if seal else "No seal was made."
    yield from ("", "### Source files", "")
    yield from table(("table", "SHA-256 of its source file"), record["source tables"].items())
    yield from ("### Software", "")
    yield from table(("package", "version"), record["software"].items())
    yield from ("### Decided before the moment", "")
    rows = [
        [split, *(told[name] for name in ("known", "decided", "share"))] for split, told in record["decided"].items()
    ]
    yield from table(("split", "questions of which it is known", "decided", "share"), rows)


def plan(record: Mapping[str, Any]) -> Iterator[str]:
    """What was to be tested, and when that was fixed."""
    held = record["plan"]
    yield from ("## The plan of analysis", "")
    if held["fixed at"] is None:
        yield from ("No plan was fixed: nothing was evaluated yet.", "")
    else:
        when = "before the first answer" if held["fixed before the first answer"] else "after there were answers"
        still = "It holds." if held["held"] else f"Since then changed: {', '.join(held['changed since'])}."
        yield from (f"Fixed at {held['fixed at']}, {when}. {still}", "")
    yield from table(("part", "what it says"), held["today"].items())


def models(record: Mapping[str, Any]) -> Iterator[str]:
    """Each model as the registry has it."""
    yield from ("## Models", "")
    for model in record["models"]:
        yield from (f"### {in_a_cell(model['model'])}", "")
        facts = [(name, value) for name, value in model.items() if name != "model"]
        yield from table(("", ""), [(name, NOT_GIVEN if value is None else value) for name, value in facts])


NOT_GIVEN = "not given"


def asked(record: Mapping[str, Any]) -> Iterator[str]:
    """How much was asked, and what the limits of length did."""
    yield from ("## What was asked", "")
    rows = [
        [*place(entry), entry["questions"], entry["patients"], entry["runs"], percents(entry["window"])]
        for entry in record["arms"]
    ]
    heading = ("split", "arm", "model", "questions", "patients", "runs", "limits of length (share of answers, %)")
    yield from table(heading, rows)


def outcomes(record: Mapping[str, Any]) -> Iterator[str]:
    """How answers ended, and what that does to the figures."""
    yield from ("## Outcomes and their effect", "")
    rows = [[*place(entry), listed(entry["outcomes"]), listed(entry["errors"])] for entry in record["arms"]]
    yield from table(("split", "arm", "model", "outcomes", "why there is no answer"), rows)
    yield from ("Mean strict F1 over questions, in percentage points, by what is done with answers that are none:", "")
    rows = [[*place(entry), *(percent(entry["effect"].get(name)) for name in EFFECTS)] for entry in record["arms"]]
    yield from table(("split", "arm", "model", *EFFECTS), rows)


def effort(record: Mapping[str, Any]) -> Iterator[str]:
    """What an answer took, on average."""
    yield from ("## What an answer took", "")
    names = list(dict.fromkeys(name for entry in record["arms"] for name in entry["a_question"]))
    rows = [[*place(entry), *(entry["a_question"].get(name) for name in names)] for entry in record["arms"]]
    yield from table(("split", "arm", "model", *(name.replace("_", " ") for name in names)), rows)


def calls(record: Mapping[str, Any]) -> Iterator[str]:
    """The calls of each endpoint by arm, over both splits, with dates."""
    yield from ("## Calls, retries, dates", "")
    of_endpoint = {
        (entry["model"], entry["arm"]): entry["attempts"] for entry in record["arms"] if entry["attempts"] is not None
    }
    if not of_endpoint and not record["other endpoints"]:
        yield from ("No endpoint was called: all participants ran on this machine.", "")
        return
    names = list(dict.fromkeys(name for told in of_endpoint.values() for name in told))
    rows = [[model, arm, *(told[name] for name in names)] for (model, arm), told in of_endpoint.items()]
    yield from table(("model", "arm (both splits)", *names), rows)
    if others := record["other endpoints"]:
        yield from table(tuple(others[0]), [list(each.values()) for each in others])


def versions(record: Mapping[str, Any]) -> Iterator[str]:
    """Prompt, tools and policy versions under which answers are kept."""
    yield from ("## Versions of prompt, tools and policy", "")
    yield from table(("split", "arm", "part", "version"), [list(row) for row in shaping(record)])
    yield from ("Under which the kept answers of each model were given:", "")
    rows = [
        [*place(entry), part, ", ".join(kept)] for entry in record["arms"] for part, kept in entry["versions"].items()
    ]
    yield from table(("split", "arm", "model", "part", "version"), rows)


def shaping(record: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Split, arm, part and today's version of what shapes the answers of all models."""
    for split, arms in record["versions"].items():
        for arm, parts in arms.items():
            for part, version in parts.items():
                yield split, arm, part, version


def place(entry: Mapping[str, Any]) -> list[str]:
    """Split, arm and model of an entry."""
    return [entry["split"], entry["arm"], entry["model"]]


def table(heading: Sequence[str], rows: Any) -> Iterator[str]:
    """A table, and a blank line after it; a sentence where there is nothing to show."""
    lines = [list(row) for row in rows]
    if not lines:
        yield from ("Nothing.", "")
        return
    yield f"| {' | '.join(heading)} |"
    yield f"|{'---|' * len(heading)}"
    for row in lines:
        yield f"| {' | '.join(in_a_cell(value) for value in row)} |"
    yield ""


def in_a_cell(value: Any) -> str:
    """A value as text that does not end a cell."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, Mapping | list):
        value = json.dumps(value, ensure_ascii=False)
    return str(value).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def listed(counts: Mapping[str, Any]) -> str:
    """Counts in one cell."""
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def percent(value: Any) -> Any:
    """A fraction in percentage points; a word, and nothing, as they are."""
    return f"{100 * value:.1f}" if isinstance(value, float) else value


def percents(shares: Mapping[str, Any]) -> str:
    """Shares in one cell."""
    return ", ".join(f"{name} {percent(value)}" for name, value in shares.items() if value is not None)
