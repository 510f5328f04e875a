"""A seal as a file: one line of JSON, the same for the same seal, and refused where it is damaged."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from clinseek_assets.faults import Fault
from clinseek_assets.release.manifests import SPLITS
from clinseek_assets.release.seal.keys import KEY_BYTES, TOKEN_BYTES
from clinseek_assets.storage.atomic import write_text
from clinseek_assets.storage.fingerprint import of_value

PURPOSE, FORMAT = "clinseek seal", 1
SALT_BYTES = 16
NAME_LENGTH = 16
OF_KEY = rf"^[0-9a-f]{{{2 * KEY_BYTES}}}$"
OF_SPLIT = f"^(?:{'|'.join(SPLITS)})$"
NOT_SEALED = {"made_by", "release", "manifests", "sources", "checksum"}


class SealFault(Fault):
    """A file is no seal, is damaged, or was made by a version that sealed otherwise."""


def _of_tokens(text: str) -> str:
    try:
        tokens = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("no base64") from None
    if len(tokens) % TOKEN_BYTES:
        raise ValueError("a token is cut")
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Counts(_Strict):
    """How much of a split is sealed: questions, and the patients that they ask about."""

    questions: int = Field(ge=1)
    patients: int = Field(ge=1)


class SealedPart(_Strict):
    """The tokens of one part, one a question or one for all, as base64 of one after the other."""

    name: str
    split: str
    shared: bool
    tokens: Annotated[str, AfterValidator(_of_tokens)]

    @classmethod
    def of(cls, name: str, split: str, shared: bool, tokens: list[bytes]) -> SealedPart:
        """A part out of its tokens."""
        joined = base64.b64encode(b"".join(tokens)).decode("ascii")
        return cls(name=name, split=split, shared=shared, tokens=joined)

    def split_tokens(self) -> list[bytes]:
        """The tokens, one by one."""
        joined = base64.b64decode(self.tokens)
        return [joined[start : start + TOKEN_BYTES] for start in range(0, len(joined), TOKEN_BYTES)]


class Seal(_Strict):
    """A seal.

    Attributes:
        purpose, format: that it is one, and of which form.
        made_by: the package and its version.
        release: `official`, `synthetic` or `built`.
        manifests: split -> SHA-256 of the manifest's file as it was taken.
        sources: dataset -> its version in words, where that is known.
        splits: split -> how much of it is sealed.
        salt: hex; mixed into everything that is sealed.
        proof: by which the key is known.
        groups: records -> into how many groups their patients fall, for the locks.
        locks: a table or a group of records -> the key, hidden under that content.
        parts: the tokens.
        checksum: of all else, so that a damaged file is known.
    """

    purpose: Literal["clinseek seal"] = "clinseek seal"
    format: Literal[1] = 1
    made_by: str
    release: str
    manifests: dict[str, str]
    sources: dict[str, str]
    splits: dict[Annotated[str, Field(pattern=OF_SPLIT)], Counts] = Field(min_length=1)
    salt: str = Field(pattern=rf"^(?:[0-9a-f]{{2}}){{{SALT_BYTES},64}}$")
    proof: str = Field(pattern=OF_KEY)
    groups: dict[str, Annotated[int, Field(ge=1)]]
    locks: dict[str, Annotated[str, Field(pattern=OF_KEY)]]
    parts: list[SealedPart]
    checksum: str = ""

    @property
    def name(self) -> str:
        """What two people compare: the same for the same benchmark under the same salt, wherever it was made.

        Versions and the manifests' bytes are told beside it and do not count: a folder's name may tell a version.
        """
        return of_value(self.model_dump(exclude=NOT_SEALED))[:NAME_LENGTH]

    def signed(self) -> Seal:
        """The same with its checksum."""
        return self.model_copy(update={"checksum": self._checksum()})

    def is_whole(self) -> bool:
        """Whether the checksum fits, and each part has as many tokens as its split has questions."""
        fitting = all(
            len(part.split_tokens()) == (1 if part.shared else self.splits[part.split].questions)
            for part in self.parts
            if part.split in self.splits
        )
        return fitting and {part.split for part in self.parts} <= set(self.splits) and self.checksum == self._checksum()

    def _checksum(self) -> str:
        return of_value(self.model_dump(exclude={"checksum"}))


def write_seal(path: Path, seal: Seal) -> None:
    """Write a seal, whole or not at all."""
    write_text(path, seal.model_dump_json() + "\n")


def read_seal(path: Path) -> Seal:
    """Read a seal.

    Raises:
        SealFault: the file cannot be read, is no seal of this form, or was damaged.
    """
    mend = "Ask for the file again, or make one with `clinseek seal`."
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SealFault(f"{path} cannot be read ({error.strerror or type(error).__name__}).", mend=mend) from None
    except UnicodeDecodeError:
        raise SealFault(f"{path} is no seal: it is not text.", mend=mend) from None
    try:
        seal = Seal.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise SealFault(
            f"{path} is no seal of form {FORMAT}, or is damaged (at {place}: {first['msg']}).", mend=mend
        ) from None
    if not seal.is_whole():
        raise SealFault(f"{path} is damaged: its content does not fit its checksum.", mend=mend)
    return seal
