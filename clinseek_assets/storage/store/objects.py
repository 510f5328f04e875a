"""Objects under names: in a folder, or in a bucket of any service that fsspec knows.

All that is written into a folder is private to its owner. A bucket's service says itself who may read it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from clinseek_assets.faults import StoreFault
from clinseek_assets.storage.atomic import UNFINISHED, whole_file

SIDE_BY_SIDE = 16  # transfers at a time
EXTRAS = {"s3": "s3", "s3a": "s3"}  # scheme -> the extra of this package that brings its client
# What file systems call the time or version of an object; whichever of them there are tell whether it was replaced.
STAMPS = ("ETag", "etag", "mtime", "LastModified", "last_modified", "created", "ino", "size")
# Those of them that are the time of the last change: seconds, or a date.
TIMES = ("mtime", "LastModified", "last_modified", "updated")
ASK = "Check the network, the credentials (AWS_… variables, ~/.aws) and CLINSEEK_STORE; `clinseek doctor` tells more."

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Facts:
    """An object's bytes, and when it was written (in seconds since 1970); None where the store does not tell."""

    size: int
    changed: float | None


class Objects:
    """The objects below one URL.

    Args:
        url: such as `file:///mnt/share/clinseek` or `s3://bucket/prefix`.

    Raises:
        StoreFault: nothing that is installed speaks to such a store.
    """

    def __init__(self, url: str) -> None:
        # Here, since most homes share no store and need neither.
        from fsspec.implementations.local import LocalFileSystem
        from upath import UPath

        self.url = url
        try:
            root = UPath(url, use_listings_cache=False, skip_instance_cache=True)
            self.files = root.fs
        except (ImportError, ValueError) as error:
            raise _unspoken(url, error) from None
        self._root = root.path.rstrip("/")
        self._in_a_folder = isinstance(self.files, LocalFileSystem)

    @property
    def folder(self) -> Path | None:
        """The folder where that is what it is."""
        return Path(self._root) if self._in_a_folder else None

    @property
    def root(self) -> str:
        """The bucket and prefix, or the folder, as the file system names it."""
        return self._root

    def listing(self, prefix: str) -> dict[str, str]:
        """The names of all objects below `prefix`, each with a stamp that changes when it is replaced.

        Raises:
            StoreFault: the store cannot be read.
        """
        start = len(self._root) + 1
        return {
            path[start:]: " ".join(str(facts[key]) for key in STAMPS if facts.get(key) is not None)
            for path, facts in self._found(prefix).items()
            if UNFINISHED not in path
        }

    def read(self, name: str) -> bytes | None:
        """The bytes of an object; None where there is none of that name.

        Raises:
            StoreFault: the store cannot be read.
        """
        with self._reachable():
            try:
                return bytes(self.files.cat_file(self._path(name)))
            except FileNotFoundError:
                return None

    def read_all(self, names: Sequence[str]) -> dict[str, bytes | None]:
        """The bytes of many objects; raises as `read` does."""
        return dict(zip(names, side_by_side(self.read, names), strict=True))

    def write(self, name: str, content: bytes) -> None:
        """Write an object, in place of the one of that name.

        Raises:
            StoreFault: the store cannot be written.
        """
        with self._reachable():
            if self._in_a_folder:
                with whole_file(Path(self._path(name))) as temporary:
                    temporary.write_bytes(content)
            else:
                self.files.pipe_file(self._path(name), content)

    def facts_of(self, name: str) -> Facts | None:
        """The facts of an object; None where there is none of that name. Raises as `read` does."""
        with self._reachable():
            try:
                return _facts(self.files.info(self._path(name)))
            except FileNotFoundError:
                return None

    def facts(self, prefix: str) -> dict[str, Facts]:
        """The facts of all objects below `prefix`, half written files of a folder among them; raises as `read` does."""
        start = len(self._root) + 1
        return {path[start:]: _facts(told) for path, told in self._found(prefix).items()}

    def upload(self, path: Path, name: str) -> None:
        """Write a file's content as an object; raises as `write` does."""
        with self._reachable():
            if self._in_a_folder:
                with whole_file(Path(self._path(name))) as temporary:
                    self.files.get_file(str(path), str(temporary))
            else:
                self.files.put_file(str(path), self._path(name))

    def download(self, name: str, path: Path) -> bool:
        """Write an object's content to a file; False where there is no such object. Raises as `read` does."""
        with self._reachable():
            try:
                self.files.get_file(self._path(name), str(path))
            except FileNotFoundError:
                return False
        return True

    def remove(self, name: str) -> None:
        """Remove an object, if it is there; raises as `write` does."""
        with self._reachable():
            try:
                self.files.rm_file(self._path(name))
            except FileNotFoundError:
                return

    def _found(self, prefix: str) -> dict[str, dict[str, Any]]:
        with self._reachable():
            self.files.invalidate_cache()
            try:
                found = self.files.find(f"{self._root}/{prefix}", detail=True)
            except FileNotFoundError:
                return {}
        return {path: facts for path, facts in found.items() if facts["type"] == "file"}

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        """Whatever a client raises says that the store cannot be used; its text may hold addresses and keys."""
        try:
            yield
        except Exception as error:
            raise StoreFault(
                f"The store {shown(self.url)} cannot be used ({type(error).__name__}).", mend=ASK
            ) from None


def open_store(url: str, home: Path) -> Objects:
    """The store of a home.

    Raises:
        StoreFault: nothing that is installed speaks to it, or one of the two lies in the other.
    """
    objects = Objects(url)
    if objects.folder is not None:
        folder, home = objects.folder.resolve(), home.resolve()
        if folder.is_relative_to(home) or home.is_relative_to(folder):
            raise StoreFault(
                f"The store {shown(url)} and the home {home} lie in each other.",
                mend="Name a folder of its own as CLINSEEK_STORE, which all machines see.",
            )
    return objects


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Do the same with many items at a time; the results are in the items' order, the first error is raised."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="store") as threads:
        return list(threads.map(work, items))


def shown(url: str) -> str:
    """A store's URL as it may be shown: without a user's name and password."""
    scheme, separator, place = url.partition("://")
    return f"{scheme}{separator}{place.rpartition('@')[2]}"


def _facts(told: dict[str, Any]) -> Facts:
    at = next((told[key] for key in TIMES if told.get(key) is not None), None)
    return Facts(int(told["size"]), at.timestamp() if isinstance(at, datetime) else at)


def _unspoken(url: str, error: Exception) -> StoreFault:
    scheme = url.partition("://")[0]
    extra = EXTRAS.get(scheme)
    mend = (
        f'Install it: pip install "clinseek-assets[{extra}]".'
        if extra
        else "Name a folder, or a URL s3://BUCKET/PREFIX."
    )
    return StoreFault(f"Nothing that is installed speaks to a store {scheme}:// ({type(error).__name__}).", mend=mend)
