"""Many files verified side by side; what did not change since it was verified is not decoded again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from clinseek_assets.imaging.receipts import Identity, Seen, VerificationReceipts
from clinseek_assets.imaging.verification import Verified, verify

KEPT_TOGETHER = 32  # a run that is killed decodes at most so many files again


class Verifier:
    """Verifies files and remembers the results.

    Threads do: Pillow frees the interpreter's lock while it decodes, and memory is that of one image a thread.

    Args:
        receipts: the private file of results.
        threads: how many files are decoded at once; as many as there are processors where None.
    """

    def __init__(self, receipts: Path, threads: int | None = None) -> None:
        self._receipts = VerificationReceipts(receipts)
        self._threads = threads or os.cpu_count() or 1

    def verified(
        self, paths: Iterable[Path], progress: Callable[[int, int], None] | None = None
    ) -> dict[Path, Verified]:
        """What each file proved to be.

        Args:
            paths: the files; each is decoded once, however often it is named.
            progress: told files done, and files in all.
        """
        identities = {path: Identity.of(path) for path in paths}
        results = self._receipts.of(identities)
        tell = progress or (lambda done, total: None)
        tell(len(results), len(identities))
        pending = [path for path in identities if path not in results]
        for seen in self._read(pending, identities):
            results[seen.path] = seen.verified
            tell(len(results), len(identities))
        return results

    def _read(self, paths: Sequence[Path], identities: Mapping[Path, Identity | None]) -> Iterator[Seen]:
        """The files in their order; whatever stops the work, what was read until then is kept."""
        fresh: list[Seen] = []
        pool = ThreadPoolExecutor(self._threads)
        try:
            for path, verified in zip(paths, pool.map(verify, paths), strict=True):
                fresh.append(Seen(path, identities[path], verified))
                yield fresh[-1]
                if len(fresh) == KEPT_TOGETHER:
                    self._receipts.keep(fresh)
                    fresh = []
        finally:
            pool.shutdown(cancel_futures=True)
            self._receipts.keep(fresh)
