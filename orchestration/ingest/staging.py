"""One private copy of a landed file: hashed while copying, unpacked under caps, never named on disk."""

from __future__ import annotations

import gzip
import hashlib
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import zstandard

from orchestration.ingest.landing import LandedFile, Landing, read_chunks
from orchestration.ingest.reasons import FileRefused
from orchestration.ingest.zstd_frames import frames_are_complete
from orchestration.settings import Settings

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
PARQUET = b"PAR1"
_WIDE_ENCODINGS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
# Below this size a high ratio harms nobody, and short repetitive files do reach it.
RATIO_FLOOR_BYTES = 1_000_000
CHUNK = 1 << 20


class ChangedWhileReading(Exception):
    """The landed file was written to, or vanished, while it was copied: left for the next run."""


@dataclass
class Staged:
    """A private copy of a landed file.

    Attributes:
        handle: the copy; it has no name and vanishes when closed or when the process dies.
        sha256: of the bytes as they arrived, in hex.
        size: bytes as they arrived.
        compression: ``none``, ``gzip`` or ``zstd``, told by the first bytes.
    """

    handle: BinaryIO
    sha256: str
    size: int
    compression: str

    def close(self) -> None:
        self.handle.close()


def stage(landing: Landing, file: LandedFile, settings: Settings) -> Staged:
    """Copy a landed file aside and hash it.

    Raises:
        ChangedWhileReading: it changed meanwhile or is gone.
        FileRefused: it may not be read.
    """
    before = landing.fingerprint(file)
    handle: BinaryIO = tempfile.TemporaryFile(dir=settings.warehouse_dir)  # type: ignore[assignment]  # noqa: SIM115
    digest, size, first = hashlib.sha256(), 0, b""
    try:
        with landing.open(file) as source:
            for chunk in read_chunks(source):
                first = first or chunk[:4]
                digest.update(chunk)
                size += len(chunk)
                # Too large to be unpacked anyway: hashed to know it again, but not copied.
                if size <= settings.max_file_bytes:
                    handle.write(chunk)
        if before is None or landing.fingerprint(file) != before:
            raise ChangedWhileReading
    except FileNotFoundError:
        handle.close()
        raise ChangedWhileReading from None
    except BaseException:
        handle.close()
        raise
    compression = "gzip" if first.startswith(GZIP) else "zstd" if first == ZSTD else "none"
    return Staged(handle, digest.hexdigest(), size, compression)


def unpacked(staged: Staged, settings: Settings) -> Iterator[bytes]:
    """The uncompressed bytes, a piece of at most 1 MiB at a time.

    Raises:
        FileRefused: damaged, cut, followed by something else, or over the size or ratio cap.
    """
    if staged.size > settings.max_file_bytes:
        raise FileRefused("too_large")
    staged.handle.seek(0)
    total = 0
    for chunk in _unpack(staged):
        total += len(chunk)
        if total > settings.max_file_bytes:
            raise FileRefused("too_large")
        if total > RATIO_FLOOR_BYTES and total > staged.size * settings.max_compression_ratio:
            raise FileRefused("compression_ratio")
        yield chunk


def _unpack(staged: Staged) -> Iterator[bytes]:
    if staged.compression == "none":
        yield from read_chunks(staged.handle, CHUNK)
    elif staged.compression == "gzip":
        # The gzip module reads all members and verifies each checksum.
        with gzip.GzipFile(fileobj=staged.handle, mode="rb") as reader:
            try:
                yield from read_chunks(reader, CHUNK)  # type: ignore[arg-type]
            except (EOFError, gzip.BadGzipFile, zlib.error):
                raise FileRefused("corrupt_gzip") from None
    else:
        # The decompressor takes a cut stream for a complete one, so the frames are walked first.
        if not frames_are_complete(staged.handle, staged.size):
            raise FileRefused("corrupt_zstd")
        staged.handle.seek(0)
        reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(
            staged.handle, read_across_frames=True, closefd=False
        )
        try:
            yield from read_chunks(reader, CHUNK)  # type: ignore[arg-type]
        except zstandard.ZstdError:
            raise FileRefused("corrupt_zstd") from None


def content_format(first: bytes, name: str) -> str:
    """``parquet``, ``json`` or ``csv``, by the first uncompressed bytes; the name decides only where they do not.

    Raises:
        FileRefused: UTF-16 or UTF-32, or compressed once more.
    """
    if first.startswith(PARQUET):
        return "parquet"
    if first.startswith(_WIDE_ENCODINGS):
        raise FileRefused("bad_encoding")
    if first.startswith((GZIP, ZSTD)):
        raise FileRefused("nested_compression")
    start = first.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start in (b"{", b"["):
        return "json"
    return "json" if ".json" in name.lower() or ".ndjson" in name.lower() else "csv"
