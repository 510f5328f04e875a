"""The closed vocabularies of the multimodal split as candidate tables, for the questions whose answers come from one.

The released package has no table behind the candidate tools of these questions. Here a question of a task with a closed
vocabulary can search that one, and any other question is not offered the tools.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from clinseek_assets.benchmark.groups import TASKS
from clinseek_assets.benchmark.vocabularies import VOCABULARIES
from clinseek_assets.records.tools.candidates import NAME, Vocabulary
from clinseek_assets.records.tools.plain_text import contains
from clinseek_assets.storage.fingerprint import of_value

ENDING = "_candidates"
MEANINGS: Mapping[str, str] = {
    "phenotypes": "The 25 groups of conditions (HCUP CCS) that a phenotype question asks for.",
    "chexpert": "The 14 chest X-ray labels (CheXpert) that a radiology question asks for.",
}


class ClosedVocabulary:
    """One vocabulary, or none, to be searched; see `candidates.SearchableNames`.

    Args:
        name: a key of `VOCABULARIES`, or "" for none.
    """

    def __init__(self, name: str) -> None:
        names = {f"{name}{ENDING}": VOCABULARIES[name]} if name else {}
        self._names = names
        self.tables: Mapping[str, tuple[str, ...]] = dict.fromkeys(names, (NAME,))
        self.rows: Mapping[str, int] = {table: len(of_table) for table, of_table in names.items()}

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the names."""
        return of_value(self._names)

    def vocabulary(self, table: str) -> Vocabulary:
        """The names of a table, prepared when it is first searched."""
        return _prepared(self._names[table])

    def with_keyword(self, table: str, keyword: str, start: int, most: int) -> tuple[list[Sequence[Any]], int]:
        """The names that contain the keyword, whatever its case, the shortest first.

        Returns:
            At most `most` of them from the place `start` on (the first is 0), each a row, and how many there are.

        Raises:
            Mistake: the keyword is too long.
        """
        contains(keyword)
        piece = keyword.strip().casefold()
        found = sorted((name for name in self._names[table] if piece in name.casefold()), key=lambda n: (len(n), n))
        return [(name,) for name in found[start : start + most]], len(found)

    def row_of(self, table: str, name: str) -> tuple[Any, ...]:
        """The row of a name."""
        return (name,)


@cache
def _prepared(names: tuple[str, ...]) -> Vocabulary:
    return Vocabulary(sorted(names))


@cache
def vocabulary_of(task_type: str) -> ClosedVocabulary:
    """The vocabulary that the answers of a released task come from; one without tables where there is none."""
    task = TASKS.get(task_type)
    return ClosedVocabulary(task.vocabulary if task else "")
