"""Listing and opening what landed. Landing is read only: nothing here writes, moves or locks."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import fsspec

from orchestration.ingest.reasons import FileRefused

# A file that changed this recently may change again within one tick of the file system's clock.
SETTLED_SECONDS = 2.0
IGNORED_SUFFIXES = (".tmp", ".part", ".partial", ".crdownload", ".done")
IGNORED_NAMES = frozenset({"thumbs.db", "desktop.ini", "_success"})


@dataclass(frozen=True)
class LandedFile:
    """A file to read.

    Attributes:
        path: where it lies (absolute path, or path inside the object store).
        name: path relative to landing, ``/`` between folders; characters that are not text are escaped.
    """

    path: str
    name: str


@dataclass
class Listing:
    """What a landing folder holds.

    Attributes:
        files: regular files, sorted by name.
        ignored: files that are not deliveries (hidden, half-written, markers).
        refused: names of entries that are no regular files (links, pipes, devices, sockets).
    """

    files: list[LandedFile] = field(default_factory=list)
    ignored: int = 0
    refused: list[str] = field(default_factory=list)


def is_ignored(name: str) -> bool:
    """Whether a file name is that of a hidden, temporary or marker file."""
    lowered = name.lower()
    return lowered.startswith(".") or lowered.endswith(IGNORED_SUFFIXES) or lowered in IGNORED_NAMES


def printable(name: str) -> str:
    """A file name as text that any table or terminal can hold."""
    raw = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in raw)


class Landing:
    """The landing place: a local folder or an fsspec URL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_local = "://" not in url or url.startswith("file://")
        if self.is_local:
            self._root = url.removeprefix("file://")
        else:
            self._fs, self._root = fsspec.core.url_to_fs(url)

    def sources(self) -> list[str]:
        """Names of the folders in landing, sorted; hidden ones left out."""
        if self.is_local:
            if not Path(self._root).is_dir():
                return []
            with os.scandir(self._root) as entries:
                names = [e.name for e in entries if e.is_dir(follow_symlinks=False) or e.is_symlink()]
        else:
            if not self._fs.exists(self._root):
                return []
            listed = self._fs.ls(self._root, detail=True)
            names = [e["name"].rstrip("/").rpartition("/")[2] for e in listed if e["type"] == "directory"]
        return sorted(name for name in names if not name.startswith("."))

    def list_source(self, source: str) -> Listing:
        """Everything below ``landing/<source>``; an absent folder is an empty listing."""
        listing = self._list_local(source) if self.is_local else self._list_remote(source)
        listing.files.sort(key=lambda file: file.name)
        listing.refused.sort()
        return listing

    def _list_local(self, source: str) -> Listing:
        listing = Listing()
        top = os.path.join(self._root, source)  # noqa: PTH118 - names may hold bytes that Path normalises away
        if Path(top).is_symlink():
            listing.refused.append(printable(source))
            return listing
        folders = [top]
        while folders:
            try:
                entries = sorted(os.scandir(folders.pop()), key=lambda entry: entry.name)
            except (FileNotFoundError, NotADirectoryError):
                continue
            for entry in entries:
                name = printable(os.path.relpath(entry.path, self._root))
                if is_ignored(entry.name):
                    listing.ignored += 1
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    listing.files.append(LandedFile(entry.path, name))
                else:
                    listing.refused.append(name)
        return listing

    def _list_remote(self, source: str) -> Listing:
        listing = Listing()
        root = self._root.rstrip("/")
        try:
            found = self._fs.find(f"{root}/{source}", detail=True)
        except FileNotFoundError:
            return listing
        for path, info in found.items():
            relative = path[len(root) :].lstrip("/")
            if any(is_ignored(part) for part in relative.split("/")):
                listing.ignored += 1
            elif info.get("type") == "file":
                listing.files.append(LandedFile(path, printable(relative)))
            else:
                listing.refused.append(printable(relative))
        return listing

    def fingerprint(self, file: LandedFile) -> str | None:
        """A short text that changes whenever the file's content may have changed; None if it is gone.

        Locally: inode, size, modification and change time in nanoseconds. The change time cannot be set by a
        program, so a rewritten file with the old size and modification time is still noticed.
        """
        if not self.is_local:
            try:
                info: dict[str, Any] = self._fs.info(file.path)
            except FileNotFoundError:
                return None
            marks = [info.get(name) for name in ("size", "ETag", "etag", "md5Hash", "generation", "LastModified",
                                                 "last_modified", "mtime", "created", "uid")]  # fmt: skip
            return "|".join(str(mark) for mark in marks)
        try:
            status = os.lstat(file.path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return f"{status.st_ino}|{status.st_size}|{status.st_mtime_ns}|{status.st_ctime_ns}"

    def age_seconds(self, file: LandedFile, now: float) -> float:
        """Seconds since a local file last changed; a large number for an object store, whose objects never change."""
        if not self.is_local:
            return 1e9
        try:
            return now - os.lstat(file.path).st_ctime
        except OSError:
            return 0.0

    def open(self, file: LandedFile) -> BinaryIO:
        """Open a file for reading; never follows a link and never waits for a pipe.

        Raises:
            FileRefused: it is not a regular file (any more), or may not be read.
            FileNotFoundError: it is gone.
        """
        if not self.is_local:
            return self._fs.open(file.path, "rb")
        try:
            descriptor = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):
                raise FileRefused("not_a_regular_file") from None
            if error.errno in (errno.EACCES, errno.EPERM):
                raise FileRefused("unreadable_file") from None
            raise
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise FileRefused("not_a_regular_file")
        return os.fdopen(descriptor, "rb")


def read_chunks(handle: BinaryIO, size: int = 1 << 20) -> Iterator[bytes]:
    """The bytes of an open file, a piece at a time."""
    while chunk := handle.read(size):
        yield chunk
