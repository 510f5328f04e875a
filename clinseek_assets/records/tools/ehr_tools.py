"""The EHR tools of one question, as a toolbox: what a model calls is checked, run and answered in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from clinseek_assets.records.pinned.answers import Refusal
from clinseek_assets.records.pinned.pin import Policy
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.records.pinned.versions import policy_version
from clinseek_assets.records.tools.candidates import SearchableNames
from clinseek_assets.records.tools.catalogue import AND_CANDIDATES, CANDIDATES, PATIENT, REWORDED, SEMANTIC, TOOLS, Tool
from clinseek_assets.records.tools.descriptions import Descriptions
from clinseek_assets.records.tools.desk import Desk
from clinseek_assets.records.tools.meanings import Meanings
from clinseek_assets.records.tools.mistakes import Mistake, shortened, suggestion
from clinseek_assets.records.tools.parameters import read_arguments, schema_of
from clinseek_assets.records.tools.specs import ToolReply, ToolSpec
from clinseek_assets.storage import fingerprint

USUAL_CHARACTERS = 20_000
FEWEST_CHARACTERS = 12_000
PROBLEMS = {"deadline": "deadline", "not_found": "not_found"}
"""Kinds of refusals that have a word of their own in `ToolReply.problem`; the others are `refused`."""
_WHOLE_NUMBER = re.compile(r"(\d+)(?:\.0*)?", re.ASCII)


class EhrTools:
    """The 16 published tools over a pinned record; see `specs.Toolbox`.

    Args:
        record: the question's record; who opened it closes it.
        candidates: the vocabularies of answers; without any the tools that search them are not offered.
        descriptions: what tables and columns mean.
        semantic: search by meaning; without it that tool is not offered.
        characters: how long a reply may be. The published limit is 100,000.

    Raises:
        ValueError: so few characters are no reply.
    """

    def __init__(
        self,
        record: PinnedRecord,
        *,
        candidates: SearchableNames,
        descriptions: Descriptions,
        semantic: Meanings | None = None,
        characters: int = USUAL_CHARACTERS,
    ) -> None:
        if characters < FEWEST_CHARACTERS:
            raise ValueError(f"a reply needs at least {FEWEST_CHARACTERS} characters")
        self._desk = Desk(record, candidates, descriptions, semantic, characters)

    @cached_property
    def specs(self) -> Sequence[ToolSpec]:
        """The tools that work here, in the published order."""
        return tuple(_spec_of(tool, self._rewordings) for tool in TOOLS if self._is_offered(tool))

    def _is_offered(self, tool: Tool) -> bool:
        if CANDIDATES in tool.parameters and not self._desk.candidates.tables:
            return False
        return tool.name != SEMANTIC or self._desk.meanings is not None

    @property
    def _rewordings(self) -> Mapping[str, str]:
        without = {} if self._desk.candidates.tables else {AND_CANDIDATES: ""}
        return {**REWORDED[self._desk.record.kind.dataset], **without}

    @property
    def version(self) -> str:
        """A hash of the tools' code, their limits, the files beside the record, and the policy."""
        desk = self._desk
        return tools_version(
            desk.record.policy,
            desk.record.kind.dataset,
            candidates=desk.candidates,
            descriptions=desk.descriptions,
            semantic=desk.meanings,
            characters=desk.budget,
        )

    def call(self, name: str, arguments: Mapping[str, Any]) -> ToolReply:
        """Run one tool; never raises for what a model got wrong.

        Raises:
            Fault: the patient's database, or a file beside it, is damaged.
        """
        try:
            tool = _tool(name)
            given = read_arguments(tool.name, tool.parameters, arguments)
            if PATIENT in tool.parameters:
                self._refuse_others(given[PATIENT.name])
            reply = tool.run(self._desk, given)
        except Mistake as mistake:
            return ToolReply(str(mistake), mistake.problem)
        except Refusal as refusal:
            return ToolReply(str(refusal), PROBLEMS.get(refusal.kind, "refused"))
        return reply if isinstance(reply, ToolReply) else ToolReply(reply)

    def _refuse_others(self, given: str) -> None:
        """Refuse another patient than the pinned one, however the number is written."""
        pinned = self._desk.record.pin.subject_id
        number = _WHOLE_NUMBER.fullmatch(given.strip().strip("\"'"))
        if number is None or number[1].lstrip("0") != str(pinned):
            raise Mistake(
                "other_patient",
                f"This record is that of patient {pinned}, and no other can be seen. Call again with subject_id "
                f"{pinned}.",
            )


def tools_version(
    policy: Policy,
    dataset: str,
    *,
    candidates: SearchableNames,
    descriptions: Descriptions,
    semantic: Meanings | None = None,
    characters: int = USUAL_CHARACTERS,
) -> str:
    """What `EhrTools.version` says of every record of this policy and dataset, without one being opened."""
    return fingerprint.of_parts(
        [
            code_version(policy, dataset),
            candidates.fingerprint,
            descriptions.fingerprint,
            semantic.identity if semantic else "",
            f"{characters} characters",
        ]
    )


def _spec_of(tool: Tool, reworded: Mapping[str, str]) -> ToolSpec:
    """What a model is told of a tool, with some of its words replaced."""

    def told(text: str) -> str:
        for words, others in reworded.items():
            text = text.replace(words, others)
        return text

    parameters = [replace(parameter, description=told(parameter.description)) for parameter in tool.parameters]
    return ToolSpec(tool.name, told(tool.description), schema_of(parameters))


@cache
def _by_name() -> dict[str, Tool]:
    return {tool.name: tool for tool in TOOLS}


def _tool(name: str) -> Tool:
    """The tool of that name.

    Raises:
        Mistake: there is none.
    """
    tools = _by_name()
    if name not in tools:
        hint = suggestion(name, tools)
        raise Mistake("unknown_tool", f"There is no tool {shortened(name)}.{hint} Tools: {', '.join(tools)}.")
    return tools[name]


@cache
def code_version(policy: Policy, dataset: str) -> str:
    """A hash of the code of the tools, of what they tell of themselves, and of the policy of their record."""
    code = map(fingerprint.of_file, sorted(Path(__file__).parent.glob("*.py")))
    return fingerprint.of_parts([policy_version(policy, dataset), *code])
