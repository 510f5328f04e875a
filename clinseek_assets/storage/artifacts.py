"""What was made in a home: receipts and files together.

`storage/store/shared_artifacts.py` has the same for a home that shares a store with others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from clinseek_assets.storage.receipts import Receipt, ReceiptBook

Made = tuple[str, str | None]
"""An artifact's name, and a partition of it or None."""


class Artifacts(Protocol):
    """Where artifacts are looked for and recorded."""

    @property
    def receipts(self) -> ReceiptBook:
        """What was made, and from what."""

    def look(self, *, now: bool = False) -> None:
        """Learn what others have made; a look of some seconds ago is good enough unless it must be `now`."""

    def there(self, artifact: str, partition: str | None, path: Path) -> bool:
        """Whether a file of an artifact is here, or can be brought."""

    def due(self, artifact: str, partition: str | None) -> bool:
        """Whether others have still to be given what was made here."""

    def bring(self, wanted: Iterable[Made]) -> None:
        """See that the files of these artifacts, as far as they were made anywhere, are here and as recorded."""

    def inputs_brought(self) -> AbstractContextManager[None]:
        """A context: whatever artifact's receipt is read inside is brought when it ends."""

    def record(self, artifact: str, partition: str | None, receipt: Receipt, output: Path) -> None:
        """Record what was made; `output` is its file or folder."""

    def forget(self, artifact: str, partition: str | None) -> None:
        """Let it count as not made."""

    def note(self, name: str) -> Any:
        """A small value that others have noted under a name; None where there is none."""

    def put_note(self, name: str, value: Any) -> None:
        """Let others know a small JSON value under a name."""


class OwnArtifacts:
    """The artifacts of a home that shares nothing.

    Args:
        receipts: the home's receipts.
    """

    def __init__(self, receipts: ReceiptBook) -> None:
        self.receipts = receipts

    def look(self, *, now: bool = False) -> None:
        """There is nobody else."""

    def there(self, artifact: str, partition: str | None, path: Path) -> bool:
        """Whether the file is here."""
        return path.exists()

    def due(self, artifact: str, partition: str | None) -> bool:
        """There is nobody to give it to."""
        return False

    def bring(self, wanted: Iterable[Made]) -> None:
        """What is not here is nowhere."""

    @contextmanager
    def inputs_brought(self) -> Iterator[None]:
        """As `bring`."""
        yield

    def record(self, artifact: str, partition: str | None, receipt: Receipt, output: Path) -> None:
        """Write the receipt."""
        self.receipts.write(artifact, partition, receipt)

    def forget(self, artifact: str, partition: str | None) -> None:
        """Remove the receipt."""
        self.receipts.forget(artifact, partition)

    def note(self, name: str) -> Any:
        """Nobody has noted anything."""
        return None

    def put_note(self, name: str, value: Any) -> None:
        """There is nobody to know."""
