"""Artifacts in a store: what one machine has finished, the others see as a whole or not at all.

The content of every file is an object named by its hash, so that the same content is stored once. When all of them are
there, one small entry says what the artifact is: its receipt, and which content lies under which path. An entry is
replaced at once; who reads the old one finds the old content, which stays.

A home keeps a copy of all entries and asks the store only which of them have changed since.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from glob import escape
from pathlib import Path
from typing import Any

from clinseek_assets.faults import StoreFault
from clinseek_assets.storage.atomic import UNFINISHED, private_folder, whole_file, write_text
from clinseek_assets.storage.fingerprint import of_file, of_text
from clinseek_assets.storage.known_hashes import KnownHashes
from clinseek_assets.storage.receipts import Receipt
from clinseek_assets.storage.store.objects import Objects, shown, side_by_side

LOOK_AGAIN_SECONDS = 5.0  # the store is not asked more often what is new, unless somebody must know now
# Content younger than this may belong to an entry that is still to be written.
YOUNG_SECONDS = 12 * 3600.0
OBJECTS, ENTRIES, NOTES = "objects", "index/artifacts", "index/notes"
FORMAT = 1
# What lies in an artifact's folder and is no part of it: locks, and side files of open databases.
NO_PART = (".in-use", "-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Content:
    """One file of an artifact: its path below the home, its bytes and their hash."""

    path: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The object that holds it."""
        return f"{OBJECTS}/{self.sha256[:2]}/{self.sha256}"


@dataclass(frozen=True)
class Entry:
    """An artifact, or one partition of it, as a store has it."""

    artifact: str
    partition: str | None
    receipt: Receipt
    files: tuple[Content, ...]

    def as_json(self) -> str:
        """The entry as text."""
        return json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Entry:
        """The entry that `as_json` wrote.

        Raises:
            ValueError, KeyError, TypeError: it is none.
        """
        facts = json.loads(text)
        if facts["format"] != FORMAT:
            raise ValueError
        files = tuple(Content(**file) for file in facts["files"])
        return cls(facts["artifact"], facts["partition"], Receipt(**facts["receipt"]), files)


class Published:
    """The artifacts of a store, as one home sees them.

    Args:
        objects: the store.
        home: below which the artifacts' files lie.
        memory: the folder in which the home keeps its copy of the entries; made where it is not there.
    """

    def __init__(self, objects: Objects, home: Path, memory: Path) -> None:
        self.objects = objects
        self._home = home
        self._copy = memory / f"index-{of_text(objects.url)[:12]}.json"
        self._hashes = KnownHashes(memory / "hashes.sqlite", home)
        self._texts: dict[str, tuple[str, str]] = {}  # object -> stamp, text
        self._entries: dict[str, tuple[str, Entry]] = {}  # object -> text, what it says
        self._looked_at = float("-inf")
        self._lock = threading.RLock()  # cells are answered in threads side by side

    def look(self, *, now: bool = False) -> None:
        """Learn what others have finished; a look that is not old is good enough unless it must be `now`.

        Raises:
            StoreFault: the store cannot be read.
        """
        with self._lock:
            if now or time.monotonic() - self._looked_at >= LOOK_AGAIN_SECONDS:
                self._learn()

    def _learn(self) -> None:
        known = self._texts or self._kept_copy()
        stamps = self.objects.listing("index")
        changed = [name for name, stamp in stamps.items() if known.get(name, ("", ""))[0] != stamp]
        read = self.objects.read_all(changed)
        fresh = {name: (stamps[name], content.decode()) for name, content in read.items() if content is not None}
        self._texts = {name: fresh.get(name) or known[name] for name in stamps if name in fresh or name in known}
        if fresh or known.keys() != self._texts.keys():
            write_text(self._copy, json.dumps(self._texts))
        self._looked_at = time.monotonic()

    def entry(self, artifact: str, partition: str | None) -> Entry | None:
        """What the store has under this name; None where that is nothing.

        Raises:
            StoreFault: the store cannot be read, or the entry is none of ours.
        """
        self.look()
        name = entry_name(artifact, partition)
        return self._entry(name) if name in self._texts else None

    def entries(self) -> Iterator[Entry]:
        """All that the store has; raises as `entry` does."""
        self.look()
        for name in [name for name in self._texts if name.startswith(f"{ENTRIES}/")]:
            yield self._entry(name)

    def named(self) -> set[str]:
        """The objects that hold content of what the store has; raises as `entry` does."""
        return {content.name for entry in self.entries() for content in entry.files}

    def _entry(self, name: str) -> Entry:
        _, text = self._texts[name]
        known = self._entries.get(name)
        if known is None or known[0] != text:
            try:
                known = self._entries[name] = (text, Entry.from_json(text))
            except (ValueError, KeyError, TypeError):
                raise StoreFault(
                    f"The object {name} of the store {shown(self.objects.url)} does not say what an artifact is.",
                    mend="Use the version of this package that wrote it, or remove the object and make the artifact "
                    "again.",
                ) from None
        return known[1]

    def publish(self, artifact: str, partition: str | None, receipt: Receipt, files: Iterable[Path]) -> None:
        """Let others have an artifact: first its content, as far as the store has it not, then its entry.

        Raises:
            StoreFault: the store cannot be written.
        """
        hashes = self._hashes.of(sorted(files))
        paths = {Content(self._named(path), path.stat().st_size, sha256): path for path, sha256 in hashes.items()}
        different = list({content.name: content for content in paths}.values())
        before = self.entry(artifact, partition)
        kept = set() if before is None else {content.name for content in before.files}
        side_by_side(lambda content: self._upload(content, paths[content], kept), different)
        name, text = entry_name(artifact, partition), Entry(artifact, partition, receipt, tuple(paths)).as_json()
        if self._texts.get(name, ("", ""))[1] != text:
            self._put(name, text)

    def withdraw(self, artifact: str, partition: str | None) -> None:
        """Let the store have no such artifact; raises as `publish` does."""
        with self._lock:
            self.objects.remove(entry_name(artifact, partition))
            self._texts.pop(entry_name(artifact, partition), None)

    def bring(self, wanted: Iterable[tuple[str, str | None]]) -> list[Entry]:
        """Make this home's files of some artifacts those that the store has; what it does not have is left alone.

        Returns:
            The entries of which files had to be fetched.

        Raises:
            StoreFault: the store cannot be read, or the content of a file is missing or was changed there.
        """
        entries = [entry for made in dict.fromkeys(wanted) if (entry := self.entry(*made)) is not None]
        here = self._hashes.of([self._home / content.path for entry in entries for content in entry.files])
        lacking = [
            (content, entry)
            for entry in entries
            for content in entry.files
            if here.get(self._home / content.path) != content.sha256
        ]
        side_by_side(lambda each: self._fetch(*each), lacking)
        self._hashes.of([self._home / content.path for content, _ in lacking])
        return list({entry_name(entry.artifact, entry.partition): entry for _, entry in lacking}.values())

    def note(self, name: str) -> Any:
        """A small value that is kept under a name beside the artifacts; None where there is none. Raises as `look`."""
        self.look()
        text = self._texts.get(f"{NOTES}/{name}", ("", "null"))[1]
        return json.loads(text)

    def put_note(self, name: str, value: Any) -> None:
        """Keep a small JSON value under a name, in place of what is there; raises as `publish` does."""
        self._put(f"{NOTES}/{name}", json.dumps(value, sort_keys=True))

    def _put(self, name: str, text: str) -> None:
        with self._lock:
            self.objects.write(name, text.encode())
            self._texts[name] = ("", text)  # its stamp is learnt at the next look

    def _named(self, path: Path) -> str:
        return path.relative_to(self._home).as_posix()

    def _upload(self, content: Content, path: Path, kept: Collection[str]) -> None:
        """Send content that the store lacks. What is old and not kept by this artifact's entry is sent anew: it may be
        about to go as left over (`store/leftovers.py`).
        """
        facts = self.objects.facts_of(content.name)
        young = facts is not None and facts.changed is not None and facts.changed > time.time() - YOUNG_SECONDS
        if facts is None or facts.size != content.size or not (young or content.name in kept):
            self.objects.upload(path, content.name)

    def _fetch(self, content: Content, entry: Entry) -> None:
        path = self._home / content.path
        private_folder(path.parent)
        with whole_file(path) as temporary:
            if not self.objects.download(content.name, temporary):
                raise self._unusable(content, entry, "is missing")
            if of_file(temporary) != content.sha256:
                raise self._unusable(content, entry, "is not what was put there (its hash differs)")

    def _unusable(self, content: Content, entry: Entry, how: str) -> StoreFault:
        of_partition = f" of partition {entry.partition}" if entry.partition else ""
        made = f"{entry.artifact}{of_partition}"
        return StoreFault(
            f"The object {content.name} of the store {shown(self.objects.url)} {how}; {made} needs it.",
            mend=f"Remove it, and {entry_name(entry.artifact, entry.partition)}, from the store and materialize {made} "
            "again: a machine that still has the file puts it there anew.",
        )

    def _kept_copy(self) -> dict[str, tuple[str, str]]:
        try:
            kept = json.loads(self._copy.read_text(encoding="utf-8"))
            return {str(name): (str(stamp), str(text)) for name, (stamp, text) in kept.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}


def entry_name(artifact: str, partition: str | None) -> str:
    """The object of an artifact's entry. What a partition's key may hold and a path may not is written otherwise."""
    if partition is None:
        return f"{ENTRIES}/{artifact}.json"
    return f"{ENTRIES}/{artifact}/{partition.replace('/', '__')}.json"


def files_of(output: Path) -> list[Path]:
    """The files of an artifact: all in its folder; or its file, with those beside it that carry its name and further
    suffixes (receipts of an extraction, what a new scorer changed).
    """
    if output.is_dir():
        found = list(output.rglob("*"))
    else:
        found = list(output.parent.glob(f"{escape(output.stem)}.*")) if output.exists() else []
    return [
        path
        for path in found
        if path.is_file() and not path.name.startswith(UNFINISHED) and not path.name.endswith(NO_PART)
    ]
