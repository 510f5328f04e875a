"""The records of a source file as blocks of uninterpreted text, in the catalogue's column order.

pyarrow tokenises; this module binds columns by name and finds what a tokeniser lets pass: a cut file, quotes that do
not balance, a missing column. The cells of every record of the file are told apart and counted, whichever patients are
wanted; where one column alone is asked for and all is plain, `record_bounds` does that faster than the tokeniser. The
texts of pyarrow's own errors quote rows, so none of them is passed on.

The dialect is that of the published files: commas, `"` as quote, `""` for a quote inside of quotes, line breaks allowed
inside of quotes, one header line, LF or CRLF, UTF-8 (a byte order mark is tolerated).
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any, TypeVar, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from isal import igzip, isal_zlib

from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.record_bounds import (
    cell_ends,
    end_of_last_record,
    first_stray_quote,
    line_told,
    quote_places,
    record_ends,
    whole_numbers,
)
from clinseek_assets.mimic.source_files import SourceFile
from clinseek_assets.mimic.tables import FETCH_AGAIN, Table

# Memory is a small multiple of a block, whatever the file's size.
BLOCK_BYTES = 1 << 19
# The longest published notes are some tens of kilobytes: what has no end after so much has a quote that is not closed.
LONGEST_RECORD = 1 << 20
LONGEST_HEADER = 1 << 16

# How pyarrow's error about a record's width begins; the record's own text follows and is not looked at. (pyarrow's
# handler for such records is no way out: where the record is not UTF-8 it prints a traceback.)
WIDTH_ERROR = re.compile(r"CSV parse error: Row #(?P<record>\d+): Expected (?P<width>\d+) columns, got (?P<fields>\d+)")

DAMAGED_GZIP: tuple[type[Exception], ...] = (
    EOFError,
    igzip.BadGzipFile,
    zlib.error,
    cast(type[Exception], isal_zlib.error),
)
PARSING = pa_csv.ParseOptions(
    delimiter=",",
    quote_char='"',
    double_quote=True,
    escape_char=False,
    newlines_in_values=True,
    ignore_empty_lines=False,
)


@dataclass(frozen=True)
class Header:
    """A file's header line, bound to the catalogue.

    Attributes:
        width: how many columns the file has.
        places: for each catalogue column, its place in the file; None for an optional column that is not there.
        absent: the optional columns that are not there.
        notices: deviations that were understood: another order, columns that the catalogue does not know or that this
            build lacks.
    """

    width: int
    places: tuple[int | None, ...]
    absent: tuple[str, ...]
    notices: tuple[str, ...]


def bind_header(table: Table, names: list[str], where: str) -> Header:
    """Find every catalogue column in a header by name, whatever the case and the order.

    Raises:
        SourceFault: a catalogue column is missing, or there twice.
    """
    folded = [name.strip().casefold() for name in names]
    wanted = [name.casefold() for name in table.column_names]
    absent = [name for name in table.column_names if name.casefold() not in folded]
    missing = [name for name in absent if name not in table.optional]
    if missing:
        raise SourceFault(
            f"{where}: the header lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}.",
            mend=f"The file must hold the columns of {table.dataset}'s {table.module}.{table.name}; they are found by "
            "name.",
        )
    twice = [name for name, times in Counter(folded).items() if times > 1 and name in wanted]
    if twice:
        raise SourceFault(f"{where}: the header names the column {', '.join(twice)} twice.", mend=table.mend)
    places = tuple(folded.index(name) if name in folded else None for name in wanted)
    found = [place for place in places if place is not None]
    notices = []
    if found != sorted(found):
        notices.append(f"{where}: the columns stand in another order than published; they were bound by name.")
    if absent:
        notices.append(f"{where}: this build has no column {', '.join(absent)}.")
    if unknown := len(folded) - len(found):
        notices.append(f"{where}: {unknown} column(s) beside those that are read of {table.dataset} were ignored.")
    return Header(len(names), places, tuple(absent), tuple(notices))


class HashedFile(io.RawIOBase):
    """A file that is read once, front to back, and hashed on the way."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream
        self.digest = hashlib.sha256()
        self.count = 0

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with the file's next bytes."""
        count = cast(io.BufferedReader, self._stream).readinto(buffer)
        self.digest.update(memoryview(buffer)[:count])
        self.count += count
        return count

    def close(self) -> None:
        """Close the file below as well."""
        self._stream.close()
        super().close()


class StrayQuoteError(Exception):
    """A quote stands where the dialect has none, so cells and records would be told apart wrongly.

    Attributes:
        offset: where, in decompressed bytes from the file's begin.
    """

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class SourceStream(io.RawIOBase):
    """A source file's decompressed bytes, read front to back."""

    def __init__(self, source: SourceFile) -> None:
        super().__init__()
        self._hashed = HashedFile(source.path.open("rb", buffering=0))
        self._bytes: igzip.IGzipFile | io.BufferedReader[HashedFile] = (
            igzip.IGzipFile(fileobj=self._hashed, mode="rb")
            if source.compressed
            else io.BufferedReader(self._hashed, BLOCK_BYTES)
        )

    def readable(self) -> bool:
        """Always true."""
        return True

    def header_line(self) -> bytes:
        """The first line, with its line end."""
        return self._bytes.readline(LONGEST_HEADER)

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, fewer only at the end."""
        return self._bytes.read(size)

    @property
    def bytes_read(self) -> int:
        """How many bytes were read from the disk."""
        return self._hashed.count

    def sha256(self) -> str:
        """The hash of the file as it lies on disk; whole once everything was read."""
        return self._hashed.digest.hexdigest()

    def close(self) -> None:
        """Close the file."""
        self._bytes.close()
        self._hashed.close()
        super().close()


@dataclass(frozen=True)
class RecordBlock:
    """Some records of a file.

    Attributes:
        before: how many records stand before these.
        cells: the columns that were asked for, as strings, an empty cell as null; a row a record.
    """

    before: int
    cells: pa.RecordBatch

    @property
    def numbers(self) -> np.ndarray:
        """The number of each record in the file, from 1."""
        return np.arange(self.before + 1, self.before + 1 + self.cells.num_rows)


@dataclass(frozen=True)
class KeyedBlock:
    """Some records of a file as they stand there, and what each has in one column.

    Attributes:
        before: how many records stand before these.
        keys: the column: numbers where its cells are plain digits, else strings, an empty cell as null.
        text: the records as they stand in the file.
        ends: where each of them ends.
    """

    before: int
    keys: pa.Array
    text: bytes
    ends: np.ndarray

    @property
    def numbers(self) -> np.ndarray:
        """The number of each record in the file, from 1."""
        return np.arange(self.before + 1, self.before + 1 + len(self.keys))

    def text_of(self, places: np.ndarray) -> bytes:
        """The text of some of the records.

        Args:
            places: which, ascending, counted within the block from 0; at least one.
        """
        runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
        ends = self.ends
        return b"".join(self.text[ends[run[0] - 1] if run[0] else 0 : ends[run[-1]]] for run in runs)


Block = TypeVar("Block", RecordBlock, KeyedBlock)


def _unclear_records(where: str, before: int) -> SourceFault:
    return SourceFault(f"{where}: cannot be told into records after record {before}.", mend=FETCH_AGAIN)


class RecordReader:
    """Reads one source file front to back. Use it as a context manager.

    Attributes:
        where: `module/table (file name)`, as messages name it.
        header: the bound header.

    Raises:
        SourceFault: on entering or while reading: what is wrong with the file, by record or line number.
    """

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.where = f"{source.table.module}/{source.table.name} ({source.told or source.path.name})"

    def __enter__(self) -> RecordReader:
        try:
            self._stream = SourceStream(self.source)
        except OSError as error:
            raise SourceFault(f"{self.where}: cannot be opened ({error.strerror}).") from None
        try:
            self.header = self._read_header()
        except BaseException:
            self._stream.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def blocks(self, columns: Sequence[str]) -> Iterator[RecordBlock]:
        """Yield all records, some at a time, with the cells of some of the catalogue's columns.

        Raises:
            SourceFault: damaged gzip, a record with too few or too many fields, wrong encoding, a cut file.
        """
        return self._blocks(
            lambda text, quotes, before: RecordBlock(before, self.tokenised(text, before, columns)),
        )

    def keyed_blocks(self, column: str) -> Iterator[KeyedBlock]:
        """Yield all records, some at a time, as they stand in the file, with the cells of one of the columns.

        Raises:
            SourceFault: as `blocks`; or the tokeniser takes something else for the end of a record than the dialect
                does.
        """
        return self._blocks(
            lambda text, quotes, before: (
                self._plainly_keyed(text, quotes, before, column) or self._keyed(text, quotes, before, column)
            ),
        )

    def _plainly_keyed(self, text: bytes, quotes: np.ndarray, before: int, column: str) -> KeyedBlock | None:
        """The records with their keys, where nothing about them needs the tokeniser."""
        place = self._place_of(column)
        ends = cell_ends(text, quotes, self.header.width)
        if place is None or ends is None or not _is_utf8(text):
            return None
        keys = whole_numbers(text, ends, place)
        return None if keys is None else KeyedBlock(before, pa.array(keys), text, ends[:, -1] + 1)

    def _keyed(self, text: bytes, quotes: np.ndarray, before: int, column: str) -> KeyedBlock:
        """The records with their keys, by the tokeniser."""
        (keys,) = self.tokenised(text, before, [column]).columns
        ends = record_ends(text, quotes)
        if len(ends) != len(keys):
            raise _unclear_records(self.where, before)
        return KeyedBlock(before, keys, text, ends)

    def _place_of(self, column: str) -> int | None:
        return self.header.places[self.source.table.column_names.index(column)]

    def _blocks(self, made: Callable[[bytes, np.ndarray, int], Block]) -> Iterator[Block]:
        """What `made` makes of the file's pieces: of a text, the places of its quotes and the records before it."""
        before = 0
        try:
            for text, quotes in self._texts():
                block = made(text, quotes, before)
                yield block
                before += len(block.numbers)
        except _EndlessRecordError:
            raise SourceFault(
                f"{self.where}: after record {before} a record is longer than {LONGEST_RECORD} bytes: a quote is not "
                "closed.",
                mend=self.source.table.mend,
            ) from None
        except DAMAGED_GZIP:
            raise self._damaged_gzip() from None
        except StrayQuoteError as stray:
            raise SourceFault(
                f"{self.where}: line {line_at(self.source, stray.offset)} has a quote where a cell neither begins nor "
                'ends: cells with quotes in them must be quoted, and their quotes doubled ("").',
                mend=self.source.table.mend,
            ) from None
        except OSError as error:
            raise SourceFault(f"{self.where}: reading failed ({error.strerror}).") from None

    def tokenised(self, text: bytes, before: int, columns: Sequence[str]) -> pa.RecordBatch:
        """Some of the cells of some records, as strings, an empty cell as null.

        Args:
            text: the records.
            before: how many records stand before them.
            columns: the catalogue's columns that are wanted.

        Raises:
            SourceFault: a record has too few or too many fields, or the text is not UTF-8.
        """
        if not _is_utf8(text):
            raise self._wrong_encoding(line_not_in_utf8(self.source))
        places = [str(place) for place in range(self.header.width)]
        place_of = dict(zip(self.source.table.column_names, self.header.places, strict=True))
        wanted = {name: places[place] for name in columns if (place := place_of[name]) is not None}
        try:
            table = pa_csv.read_csv(
                pa.BufferReader(text),
                read_options=pa_csv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=places),
                parse_options=PARSING,
                convert_options=pa_csv.ConvertOptions(
                    include_columns=list(wanted.values()),
                    column_types=dict.fromkeys(wanted.values(), pa.string()),
                    null_values=[""],
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid as error:
            raise self._untokenisable(str(error), before) from None
        (batch,) = table.combine_chunks().to_batches()
        absent = pa.nulls(batch.num_rows, pa.string())
        cells = [batch.column(wanted[name]) if name in wanted else absent for name in columns]
        return pa.RecordBatch.from_arrays(cells, names=list(columns))

    @property
    def bytes_read(self) -> int:
        """How many bytes were read from the disk so far."""
        return self._stream.bytes_read

    def sha256(self) -> str:
        """The hash of the file as it lies on disk, once all blocks were read."""
        return self._stream.sha256()

    def _read_header(self) -> Header:
        try:
            line = self._stream.header_line()
        except DAMAGED_GZIP:
            raise self._damaged_gzip() from None
        self._header_bytes = len(line)
        if not line.strip():
            raise SourceFault(
                f"{self.where}: the file is empty, it has not even a header.", mend=self.source.table.mend
            )
        try:
            text = line.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise self._wrong_encoding(1) from None
        if not text.endswith("\n"):
            raise SourceFault(
                f"{self.where}: the header line has no end: the file was cut.", mend=self.source.table.mend
            )
        try:
            names = next(csv.reader([text]))
        except csv.Error:
            raise SourceFault(
                f"{self.where}: a carriage return stands within the header line.", mend=self.source.table.mend
            ) from None
        return bind_header(self.source.table, names, self.where)

    def _texts(self) -> Iterator[tuple[bytes, np.ndarray]]:
        """The file's text after the header, cut between records, and the places of the quotes in each piece."""
        rest, offset = b"", self._header_bytes
        while chunk := self._stream.read(BLOCK_BYTES):
            text = rest + chunk
            quotes = quote_places(text)
            if (stray := first_stray_quote(text, quotes)) is not None:
                raise StrayQuoteError(offset + stray)
            end = end_of_last_record(text, quotes)
            if end:
                yield text[:end], quotes[: np.searchsorted(quotes, end)]
            rest, offset = text[end:], offset + end
            if len(rest) > LONGEST_RECORD:
                raise _EndlessRecordError
        if rest:
            quotes = quote_places(rest)
            yield rest, quotes
            raise self._cut(quoted=len(quotes) % 2 == 1)

    def _cut(self, *, quoted: bool) -> SourceFault:
        if quoted:
            return SourceFault(
                f"{self.where}: the last quote is not closed: the file was cut.", mend=self.source.table.mend
            )
        return SourceFault(
            f"{self.where}: the last record has no line end: the file was cut.",
            mend=f"{self.source.table.mend} If nothing is missing, end the file with a line break.",
        )

    def _damaged_gzip(self) -> SourceFault:
        return SourceFault(f"{self.where}: the gzip data is damaged or ends too early.", mend=self.source.table.mend)

    def _wrong_encoding(self, line: int | None) -> SourceFault:
        return SourceFault(
            f"{self.where}: line {line} is not UTF-8.",
            mend="The published files are UTF-8; convert the file or fetch it again.",
        )

    def _untokenisable(self, error: str, before: int) -> SourceFault:
        if found := WIDTH_ERROR.match(error):
            record = before + int(found["record"])
            return SourceFault(
                f"{self.where}: record {record} has {found['fields']} fields where the header has {found['width']}.",
                mend=f"{line_told(record)} {self.source.table.mend}",
            )
        return _unclear_records(self.where, before)


class _EndlessRecordError(Exception):
    """A record has no end within what a record may measure."""


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def line_at(source: SourceFile, offset: int) -> int:
    """The line of a file, counted from 1 with the header, in which a place in its decompressed bytes lies."""
    lines = 1
    for chunk in _chunks(source):
        lines += chunk[:offset].count(b"\n")
        if offset <= len(chunk):
            break
        offset -= len(chunk)
    return lines


def line_not_in_utf8(source: SourceFile) -> int | None:
    """The first line of a file that is not UTF-8, counted from 1 with the header; None where all are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    for chunk in _chunks(source):
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return lines + cast(bytes, error.object)[: error.start].count(b"\n")
        lines += chunk.count(b"\n")
    return lines if decoder.getstate()[0] else None  # the file ends within a character


def _chunks(source: SourceFile) -> Iterator[bytes]:
    """A file's decompressed bytes once more, to find a place in them; an end that is damaged ends them."""
    with SourceStream(source) as stream:
        try:
            while chunk := stream.read(BLOCK_BYTES):
                yield chunk
        except DAMAGED_GZIP:
            return
