"""The records of a source file as batches of uninterpreted text, in the catalogue's column order.

pyarrow tokenises; this module binds columns by name and finds what a tokeniser lets pass: a cut file, quotes that do
not balance, a missing column. Every record of the file is looked at, whichever patients are wanted. The texts of
pyarrow's own errors quote rows, so none of them is passed on.

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
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from isal import igzip, isal_zlib

from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.source_files import SourceFile
from clinseek_assets.mimic.tables import Table

# Memory is a small multiple of a block, whatever the file's size. A record must fit into one: the longest published
# notes are some tens of kilobytes.
BLOCK_BYTES = 1 << 20
LONGEST_HEADER = 1 << 16
QUOTE = ord('"')

# How pyarrow's error about a record's width begins; the record's own text follows and is not looked at. (pyarrow's
# handler for such records is no way out: where the record is not UTF-8 it prints a traceback.)
WIDTH_ERROR = re.compile(r"CSV parse error: Row #(?P<record>\d+): Expected (?P<width>\d+) columns, got (?P<fields>\d+)")

DAMAGED_GZIP: tuple[type[Exception], ...] = (
    EOFError,
    igzip.BadGzipFile,
    zlib.error,
    cast(type[Exception], isal_zlib.error),
)
FETCH_AGAIN = "Fetch the file again, and compare it with the SHA256SUMS.txt of its PhysioNet project."


@dataclass(frozen=True)
class Header:
    """A file's header line, bound to the catalogue.

    Attributes:
        width: how many columns the file has.
        places: for each catalogue column, its place in the file.
        notices: deviations that were understood: another order, columns that the catalogue does not know.
    """

    width: int
    places: tuple[int, ...]
    notices: tuple[str, ...]


def bind_header(table: Table, names: list[str], where: str) -> Header:
    """Find every catalogue column in a header by name, whatever the case and the order.

    Raises:
        SourceFault: a catalogue column is missing, or there twice.
    """
    folded = [name.strip().casefold() for name in names]
    wanted = [name.casefold() for name in table.column_names]
    missing = [name for name in table.column_names if name.casefold() not in folded]
    if missing:
        raise SourceFault(
            f"{where}: the header lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}.",
            mend=f"The file must hold the columns of MIMIC-IV's {table.module}.{table.name}; they are found by name.",
        )
    twice = [name for name, times in Counter(folded).items() if times > 1 and name in wanted]
    if twice:
        raise SourceFault(f"{where}: the header names the column {', '.join(twice)} twice.", mend=FETCH_AGAIN)
    places = tuple(folded.index(name) for name in wanted)
    notices = []
    if list(places) != sorted(places):
        notices.append(f"{where}: the columns stand in another order than published; they were bound by name.")
    if unknown := len(folded) - len(places):
        notices.append(f"{where}: {unknown} column(s) that MIMIC-IV does not have there were ignored.")
    return Header(len(names), places, tuple(notices))


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


class QuoteWatch:
    """Sees to it that quotes stand only where the dialect has them, chunk by chunk.

    Of all quotes in the file, counted from 0, an even one opens a cell or is the second of a doubled pair: before it
    stands a comma, a line end or a quote. An odd one closes a cell or is the first of a pair: after it stands a comma,
    a line end or a quote. A tokeniser would read on past a lost quote and swallow records.
    """

    def __init__(self) -> None:
        self._before = b"\n"
        self._quotes = 0

    @property
    def balanced(self) -> bool:
        """Whether every quote that was opened so far was closed."""
        return self._quotes % 2 == 0

    def look_at(self, chunk: bytes, offset: int) -> None:
        """Check the quotes of the next chunk, which begins `offset` bytes into the file.

        Raises:
            StrayQuoteError: one is out of place.
        """
        joined, self._before = self._before + chunk, chunk[-1:]
        if b'"' not in joined:
            return
        window = np.frombuffer(joined, np.uint8)
        places = np.flatnonzero(window == QUOTE)
        inside = places[places > 0]  # a quote at 0 was counted with the chunk before; only what follows it is new
        first = self._quotes - (len(places) - len(inside))
        self._quotes += len(inside)
        even = (np.arange(first, first + len(places)) % 2) == 0
        opening = places[even & (places > 0)]
        closing = places[~even & (places < len(window) - 1)]
        wrong = np.concatenate(
            [opening[~BEFORE_OPENING[window[opening - 1]]], closing[~AFTER_CLOSING[window[closing + 1]]]]
        )
        if len(wrong):
            raise StrayQuoteError(offset - 1 + int(wrong.min()))


def _among(characters: bytes) -> np.ndarray:
    table = np.zeros(256, bool)
    table[list(characters)] = True
    return table


BEFORE_OPENING = _among(b',\n"')
AFTER_CLOSING = _among(b',\r\n"')


class SourceStream(io.RawIOBase):
    """A source file's decompressed bytes. It notes what betrays a cut: the last byte, and quotes out of place."""

    def __init__(self, source: SourceFile) -> None:
        super().__init__()
        self._hashed = HashedFile(source.path.open("rb", buffering=0))
        self._bytes: igzip.IGzipFile | io.BufferedReader[HashedFile] = (
            igzip.IGzipFile(fileobj=self._hashed, mode="rb")
            if source.compressed
            else io.BufferedReader(self._hashed, BLOCK_BYTES)
        )
        self._offset = 0
        self.last_byte = b""
        self.quotes = QuoteWatch()

    def readable(self) -> bool:
        """Always true."""
        return True

    def header_line(self) -> bytes:
        """The first line, with its line end."""
        line = self._bytes.readline(LONGEST_HEADER)
        self._offset = len(line)
        self.last_byte = line[-1:]
        return line

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, fewer only at the end."""
        chunk = self._bytes.read(size)
        if chunk:
            self.last_byte = chunk[-1:]
            self.quotes.look_at(chunk, self._offset)
            self._offset += len(chunk)
        return chunk

    def read_unwatched(self, size: int) -> bytes:
        """The next `size` bytes, without a look at them."""
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
        self.where = f"{source.table.module}/{source.table.name} ({source.path.name})"

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

    def batches(self) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield `(records before this batch, batch)`: catalogue columns as strings, an empty cell as null.

        Raises:
            SourceFault: damaged gzip, a record with too few or too many fields, wrong encoding, a cut file.
        """
        before = 0
        try:
            for batch in self._tokenised():
                yield before, batch
                before += batch.num_rows
        except DAMAGED_GZIP:
            raise self._damaged_gzip() from None
        except StrayQuoteError as stray:
            raise SourceFault(
                f"{self.where}: line {line_at(self.source, stray.offset)} has a quote where a cell neither begins nor "
                'ends: cells with quotes in them must be quoted, and their quotes doubled ("").',
                mend=FETCH_AGAIN,
            ) from None
        except pa.ArrowInvalid as error:
            raise self._untokenisable(str(error), before) from None
        except OSError as error:
            raise SourceFault(f"{self.where}: reading failed ({error.strerror}).") from None
        self._assert_whole()

    @property
    def bytes_read(self) -> int:
        """How many bytes were read from the disk so far."""
        return self._stream.bytes_read

    def sha256(self) -> str:
        """The hash of the file as it lies on disk, once all batches were read."""
        return self._stream.sha256()

    def _read_header(self) -> Header:
        try:
            line = self._stream.header_line()
        except DAMAGED_GZIP:
            raise self._damaged_gzip() from None
        if not line.strip():
            raise SourceFault(f"{self.where}: the file is empty, it has not even a header.", mend=FETCH_AGAIN)
        try:
            text = line.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise self._wrong_encoding(1) from None
        if not text.endswith("\n"):
            raise SourceFault(f"{self.where}: the header line has no end: the file was cut.", mend=FETCH_AGAIN)
        try:
            names = next(csv.reader([text]))
        except csv.Error:
            raise SourceFault(
                f"{self.where}: a carriage return stands within the header line.", mend=FETCH_AGAIN
            ) from None
        return bind_header(self.source.table, names, self.where)

    def _tokenised(self) -> Iterator[pa.RecordBatch]:
        first = self._stream.read(BLOCK_BYTES)
        if not first:
            return
        places = [str(place) for place in range(self.header.width)]
        wanted = [places[place] for place in self.header.places]

        reader = pa_csv.open_csv(
            _Rejoined(first, self._stream),
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, column_names=places),
            parse_options=pa_csv.ParseOptions(
                delimiter=",",
                quote_char='"',
                double_quote=True,
                escape_char=False,
                newlines_in_values=True,
                ignore_empty_lines=False,
            ),
            convert_options=pa_csv.ConvertOptions(
                include_columns=wanted,
                column_types={place: pa.string() for place in wanted},
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
        for batch in reader:
            yield batch.rename_columns(list(self.source.table.column_names))

    def _assert_whole(self) -> None:
        if self._stream.last_byte != b"\n":
            raise SourceFault(
                f"{self.where}: the last record has no line end: the file was cut.",
                mend=f"{FETCH_AGAIN} If nothing is missing, end the file with a line break.",
            )
        if not self._stream.quotes.balanced:
            raise SourceFault(f"{self.where}: the last quote is not closed: the file was cut.", mend=FETCH_AGAIN)

    def _damaged_gzip(self) -> SourceFault:
        return SourceFault(f"{self.where}: the gzip data is damaged or ends too early.", mend=FETCH_AGAIN)

    def _wrong_encoding(self, line: int) -> SourceFault:
        return SourceFault(
            f"{self.where}: line {line} is not UTF-8.",
            mend="The published files are UTF-8; convert the file or fetch it again.",
        )

    def _untokenisable(self, error: str, before: int) -> SourceFault:
        if found := WIDTH_ERROR.match(error):
            return SourceFault(
                f"{self.where}: record {found['record']} has {found['fields']} fields where the header has "
                f"{found['width']}.",
                mend=FETCH_AGAIN,
            )
        if line := line_not_in_utf8(self.source):
            return self._wrong_encoding(line)
        return SourceFault(
            f"{self.where}: after record {before} a record is longer than {BLOCK_BYTES} bytes: a quote is not closed.",
            mend=FETCH_AGAIN,
        )


class _Rejoined(io.RawIOBase):
    """A block that was read ahead, then the rest of the stream: pyarrow does not accept a stream without records."""

    def __init__(self, first: bytes, rest: SourceStream) -> None:
        super().__init__()
        self._first = first
        self._rest = rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._first:
            chunk, self._first = self._first[:size], self._first[size:]
            return chunk
        return self._rest.read(size)


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
            while chunk := stream.read_unwatched(BLOCK_BYTES):
                yield chunk
        except DAMAGED_GZIP:
            return
