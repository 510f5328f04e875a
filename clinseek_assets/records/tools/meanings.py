"""Names by meaning: a sentence-embedding model on this machine, and what it made of the names, kept on disk.

The model is an optional extra (`semantic`) and named by the user: a folder, or a name whose files the machine already
has. Nothing is ever downloaded. What was computed lies beside the candidate tables, private, by a hash of the model and
of the names, so that 90,000 names are embedded once.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy
from numpy.typing import NDArray

from clinseek_assets.faults import SettingsFault
from clinseek_assets.records.tools.candidates import Match, Vocabulary, best_of
from clinseek_assets.storage.atomic import whole_file
from clinseek_assets.storage.fingerprint import of_file, of_parts, of_text

MODEL_VARIABLE = "CLINSEEK_BIOLORD_MODEL"
LIBRARY = "sentence_transformers"
HOW_TO_HAVE_IT = (
    f"it needs `pip install 'clinseek-assets[semantic]'` and {MODEL_VARIABLE}, which names the folder of a "
    "sentence-embedding model, such as a copy of FremyCompany/BioLORD-2023"
)
KEPT_IN = ".meanings"
ALIKE = 0.5  # the published bound of a cosine


class Encoder(Protocol):
    """A sentence-embedding model."""

    @property
    def identity(self) -> str:
        """A hash of the model: the same texts under the same identity have the same vectors."""

    def encode(self, texts: Sequence[str]) -> NDArray[numpy.float32]:
        """A vector of length 1 a text."""


class Meanings:
    """Search by meaning.

    Args:
        encoder: the model.
        folder: where vectors are kept.
    """

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self._encoder = encoder
        self._folder = folder
        self._vectors: dict[str, NDArray[numpy.float32]] = {}

    @property
    def identity(self) -> str:
        """A hash of the model."""
        return self._encoder.identity

    def alike(self, vocabulary: Vocabulary, text: str, most: int) -> list[Match]:
        """The names nearest in meaning, the best first, each with its cosine of at least `ALIKE`."""
        if not vocabulary.names:
            return []
        cosines = self._vectors_of(vocabulary) @ self._encoder.encode([text])[0]
        return [match for match in best_of(cosines, most) if match[1] >= ALIKE]

    def _vectors_of(self, vocabulary: Vocabulary) -> NDArray[numpy.float32]:
        key = of_parts([self._encoder.identity, of_text(vocabulary.content)])
        if key not in self._vectors:
            self._vectors[key] = self._kept(self._folder / KEPT_IN / f"{key}.npy", vocabulary)
        return self._vectors[key]

    def _kept(self, path: Path, vocabulary: Vocabulary) -> NDArray[numpy.float32]:
        try:
            vectors: NDArray[numpy.float32] = numpy.load(path, allow_pickle=False)
            if len(vectors) == len(vocabulary.names):
                return vectors
        except (OSError, ValueError, EOFError):
            pass  # not there yet, or damaged: it is made again
        vectors = self._encoder.encode(vocabulary.names)
        with whole_file(path) as temporary, temporary.open("wb") as stream:
            numpy.save(stream, vectors)
        return vectors


@dataclass(frozen=True)
class SentenceModel:
    """A model of the library sentence-transformers, loaded when it is first asked.

    Attributes:
        name: a folder, or the name of a model in the library's own cache.
    """

    name: str

    @cached_property
    def identity(self) -> str:
        """A hash of the model's files; of its name alone where they lie in the library's cache."""
        folder = Path(self.name)
        if not folder.is_dir():
            return of_text(self.name)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return of_parts([part for path in files for part in (str(path.relative_to(folder)), of_file(path))])

    def encode(self, texts: Sequence[str]) -> NDArray[numpy.float32]:
        """A vector of length 1 a text.

        Raises:
            SettingsFault: the model's files are not there, or are of no such model.
        """
        return numpy.asarray(
            self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False), dtype=numpy.float32
        )

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import SentenceTransformer  # here: it takes seconds to load

        try:
            return SentenceTransformer(self.name, local_files_only=True)
        except (OSError, ValueError) as error:
            raise SettingsFault(
                f"{MODEL_VARIABLE} names no sentence-embedding model of this machine ({type(error).__name__}).",
                mend="Name the folder of a model's files. Nothing is downloaded for it.",
            ) from None


def configured_meanings(folder: Path, environ: Mapping[str, str] = os.environ) -> Meanings | None:
    """Search by meaning as it is configured; None where the extra is not installed or no model is named.

    Args:
        folder: where vectors are kept: that of the candidate tables.
        environ: the environment, which names the model.
    """
    name = environ.get(MODEL_VARIABLE, "").strip()
    if not name or importlib.util.find_spec(LIBRARY) is None:
        return None
    return _meanings(str(Path(name).expanduser()), folder)


@lru_cache(maxsize=2)
def _meanings(name: str, folder: Path) -> Meanings:
    return Meanings(SentenceModel(name), folder)
