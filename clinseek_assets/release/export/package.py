"""What an export is made of: files to be placed, texts to be written, other names of folders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clinseek_assets.faults import Fault
from clinseek_assets.storage.fingerprint import of_bytes, of_value


@dataclass(frozen=True)
class PlacedFile:
    """A file that is taken over as it is.

    Attributes:
        target: its path in the package, with `/`.
        source: the file.
        sha256: of its content, where it was verified; "" where it was not.
    """

    target: str
    source: Path
    sha256: str = ""

    def stamp(self) -> tuple[str, str, int, int]:
        """What the file system says of it: it changes whenever the source does."""
        found = self.source.stat()
        return self.target, str(self.source), found.st_size, found.st_mtime_ns


@dataclass(frozen=True)
class Package:
    """All of a package, or of one split's part of it.

    Attributes:
        files: taken over as they are.
        texts: path in the package -> content, made for the package.
        aliases: path in the package -> the folder beside it that it is another name of.
        facts: counts for the package's own description.
    """

    files: tuple[PlacedFile, ...]
    texts: Mapping[str, bytes]
    aliases: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, int] = field(default_factory=dict)

    @property
    def targets(self) -> frozenset[str]:
        """The paths of everything in it."""
        return frozenset([*(file.target for file in self.files), *self.texts, *self.aliases])

    def fingerprint(self, way: str) -> str:
        """A hash of all that shapes the package when its files are placed in a certain way."""
        texts = {target: of_bytes(content) for target, content in self.texts.items()}
        stamps = sorted(file.stamp() for file in self.files)
        return of_value([way, stamps, texts, dict(self.aliases)])


def joined(parts: Iterable[Package]) -> Package:
    """Several parts as one package."""
    parts = list(parts)
    return Package(
        files=tuple(file for part in parts for file in part.files),
        texts={target: content for part in parts for target, content in part.texts.items()},
        aliases={target: name for part in parts for target, name in part.aliases.items()},
        facts={name: number for part in parts for name, number in part.facts.items()},
    )


def refuse_incomplete(split: str, lacking: Mapping[str, Sequence[str]]) -> None:
    """Refuse to export a split of which something is not there.

    Args:
        split: `text` or `multimodal`.
        lacking: what is lacking -> the first places, as rows or names; nothing lacks where there are none.

    Raises:
        Fault: something is; it names all of it.
    """
    told = [
        f"  - {what}: {len(places):,} (first: {', '.join(places[:5])})" for what, places in lacking.items() if places
    ]
    if told:
        raise Fault(
            f"The {split} split cannot be exported, because some of it is not there:\n" + "\n".join(told),
            mend=f"Materialize what is named (`clinseek validate --split {split}` tells more), or export the other "
            "split alone with --split.",
        )
