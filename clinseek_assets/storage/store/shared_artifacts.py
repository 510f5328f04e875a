"""The artifacts of a home that shares a store: what anybody has finished counts, and is fetched when it is needed.

A receipt is given to the store before this home writes its own, so that no home ever knows better than the store; an
artifact that was made before there was a store counts by this home's receipt, and is due to be given to the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinseek_assets.storage.artifacts import Made
from clinseek_assets.storage.receipts import Receipt, ReceiptBook
from clinseek_assets.storage.store.published import Published, files_of

_read: ContextVar[dict[Made, None] | None] = ContextVar("receipts that were read", default=None)


@dataclass(frozen=True)
class SharedReceipts(ReceiptBook):
    """The receipts of a store, and of the home where the store has none; writing is the home's own affair."""

    published: Published

    def read(self, artifact: str, partition: str | None = None) -> Receipt | None:
        """The receipt, or None where nobody has one.

        Raises:
            StoreFault: the store cannot be read.
        """
        if (noted := _read.get()) is not None:
            noted[artifact, partition] = None
        entry = self.published.entry(artifact, partition)
        return super().read(artifact, partition) if entry is None else entry.receipt

    def own(self, artifact: str, partition: str | None) -> Receipt | None:
        """The receipt of what lies in this home."""
        return super().read(artifact, partition)


class SharedArtifacts:
    """See `storage.artifacts.Artifacts`; every method raises StoreFault where the store cannot be used.

    Args:
        own: the home's receipts.
        published: the artifacts of the store.
    """

    def __init__(self, own: ReceiptBook, published: Published) -> None:
        self.published = published
        self.receipts = SharedReceipts(own.folder, published)

    def look(self, *, now: bool = False) -> None:
        """Ask the store for what is new."""
        self.published.look(now=now)

    def there(self, artifact: str, partition: str | None, path: Path) -> bool:
        """Whether the file is here, or the store has the artifact."""
        return path.exists() or self.published.entry(artifact, partition) is not None

    def due(self, artifact: str, partition: str | None) -> bool:
        """Whether the store lacks what this home has made."""
        return self.published.entry(artifact, partition) is None

    def bring(self, wanted: Iterable[Made]) -> None:
        """Fetch what is missing here or differs, and let this home's own receipts say what lies here."""
        wanted = list(wanted)
        self.published.bring(wanted)
        for artifact, partition in wanted:
            entry = self.published.entry(artifact, partition)
            if entry is not None and self.receipts.own(artifact, partition) != entry.receipt:
                self.receipts.write(artifact, partition, entry.receipt)

    @contextmanager
    def inputs_brought(self) -> Iterator[None]:
        """Bring every artifact whose receipt is read inside."""
        token = _read.set({})
        try:
            yield
            self.bring(_read.get() or ())
        finally:
            _read.reset(token)

    def record(self, artifact: str, partition: str | None, receipt: Receipt, output: Path) -> None:
        """Give the files and the receipt to the store, then write the receipt."""
        self.published.publish(artifact, partition, receipt, files_of(output))
        self.receipts.write(artifact, partition, receipt)

    def forget(self, artifact: str, partition: str | None) -> None:
        """Take it from the store and from this home."""
        self.published.withdraw(artifact, partition)
        self.receipts.forget(artifact, partition)

    def note(self, name: str) -> Any:
        """The value that the store has under a name."""
        return self.published.note(name)

    def put_note(self, name: str, value: Any) -> None:
        """Put a value there."""
        self.published.put_note(name, value)
