"""Mapping of predicted names to a closed vocabulary by meaning, as the published scorer does for rows of several names.

Optional: it needs the extra `semantic` and a sentence-embedding model on this machine, named by the environment
variable below (the published one is all-MiniLM-L6-v2). Unlike the published scorer, which gathers its vocabulary from
the gold of whatever a results file holds, a name is mapped only to the fixed lists of `benchmark.vocabularies`; a task
without such a list is not mapped.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy
from numpy.typing import NDArray

from clinseek_assets.benchmark.groups import TASKS
from clinseek_assets.benchmark.vocabularies import VOCABULARIES
from clinseek_assets.faults import SettingsFault
from clinseek_assets.records.tools.meanings import LIBRARY, Encoder, SentenceModel
from clinseek_assets.storage.fingerprint import of_parts

MODEL_VARIABLE = "CLINSEEK_MAPPING_MODEL"
ALIKE = 0.55  # the published bound of a cosine


def vocabulary_of(task_type: str) -> tuple[str, ...]:
    """The closed vocabulary that a released task's answers come from; empty where there is none."""
    return VOCABULARIES.get(TASKS[task_type].vocabulary, ()) if task_type in TASKS else ()


@dataclass(frozen=True)
class VocabularyMapping:
    """Maps names to the nearest name of a vocabulary.

    Attributes:
        encoder: the sentence-embedding model.
    """

    encoder: Encoder
    _vectors: dict[tuple[str, ...], NDArray[numpy.float32]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def identity(self) -> str:
        """A hash of the model and the bound."""
        return of_parts([self.encoder.identity, str(ALIKE)])

    def mapped(self, names: Iterable[str], vocabulary: tuple[str, ...]) -> dict[str, str]:
        """Each name that has a nearest name in the vocabulary at a cosine of `ALIKE` or more, with that name."""
        asked = sorted(set(names))
        if not asked or not vocabulary:
            return {}
        if vocabulary not in self._vectors:
            self._vectors[vocabulary] = self.encoder.encode(vocabulary)
        cosines = self.encoder.encode(asked) @ self._vectors[vocabulary].T
        nearest = cosines.argmax(axis=1)
        return {
            name: vocabulary[place]
            for name, place, cosine in zip(asked, nearest, cosines.max(axis=1), strict=True)
            if cosine >= ALIKE
        }


def configured_mapping(environ: Mapping[str, str] = os.environ) -> VocabularyMapping | None:
    """The mapping that is configured; None where the extra is not installed or no model is named.

    Raises:
        SettingsFault: a model is named, but no such folder or cached model is on this machine.
    """
    name = environ.get(MODEL_VARIABLE, "").strip()
    if not name or importlib.util.find_spec(LIBRARY) is None:
        return None
    return _mapping(str(Path(name).expanduser()))


@lru_cache(maxsize=1)
def _mapping(name: str) -> VocabularyMapping:
    model = SentenceModel(name)
    try:
        model.encode(["Edema"])
    except SettingsFault as fault:
        raise SettingsFault(
            f"{MODEL_VARIABLE} names no sentence-embedding model of this machine.", mend=fault.mend
        ) from None
    return VocabularyMapping(model)


def told(mapping: VocabularyMapping | None) -> str:
    """What is said of the mapping beside the scores, one phrase."""
    return (
        f"by meaning, cosine ≥ {ALIKE}" if mapping else f"off ({MODEL_VARIABLE} names no model, or no extra `semantic`)"
    )
