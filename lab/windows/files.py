# SPDX-License-Identifier: GPL-3.0-or-later
"""The file system: a case-insensitive tree of drives, kept flat by path."""

from __future__ import annotations

import dataclasses
import fnmatch
import typing as t

from lab.windows import paths
from lab.windows.errors import WindowsError

SYSTEM_OWNER = "NT AUTHORITY\\SYSTEM"
ADMINISTRATORS = "BUILTIN\\Administrators"


class Ace(t.NamedTuple):
    """One entry of an access list."""

    identity: str
    rights: str
    kind: str = "Allow"
    inherited: bool = True


@dataclasses.dataclass
class Node:
    """A file or a directory."""

    path: str
    directory: bool
    content: bytes = b""
    created: float = 0.0
    modified: float = 0.0
    accessed: float = 0.0
    attributes: set[str] = dataclasses.field(default_factory=set)
    owner: str = ADMINISTRATORS
    acl: list[Ace] = dataclasses.field(default_factory=list)
    target: str = ""  # not empty: a symbolic link or junction to this path

    @property
    def name(self) -> str:
        """Give the last part of the path."""
        return paths.name(self.path)

    @property
    def size(self) -> int:
        """Give the length in bytes; 0 for a directory."""
        return len(self.content)


class Files:
    """Every drive of a machine. Paths may be in any case, with either slash."""

    def __init__(self, now: t.Callable[[], float]) -> None:
        self._now = now
        self._nodes: dict[str, Node] = {}

    def add_drive(self, letter: str) -> None:
        """Make the root of a drive."""
        self._put(Node(f"{letter.upper()}:\\", directory=True, owner=SYSTEM_OWNER))

    def find(self, path: str) -> Node | None:
        """Give the node at a path, or None."""
        return self._nodes.get(self._key(path))

    def stat(self, path: str) -> Node:
        """Give the node at a path.

        :raises WindowsError: code 2, nothing is there.
        """
        node = self.find(path)
        if node is None:
            raise WindowsError(2, paths.normalise(path))
        return node

    def exists(self, path: str) -> bool:
        """Say whether a file or directory is there."""
        return self.find(path) is not None

    def is_file(self, path: str) -> bool:
        """Say whether a file is there."""
        node = self.find(path)
        return node is not None and not node.directory

    def is_directory(self, path: str) -> bool:
        """Say whether a directory is there."""
        node = self.find(path)
        return node is not None and node.directory

    def read(self, path: str) -> bytes:
        """Give the content of a file.

        :raises WindowsError: code 2 nothing there, code 5 it is a directory.
        """
        node = self.stat(path)
        if node.directory:
            raise WindowsError(5, node.path)
        return node.content

    def read_text(self, path: str) -> str:
        """Give a file as text: UTF-16 or UTF-8 by its mark, UTF-8 without one; line ends as they are."""
        content = self.read(path)
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content.decode("utf-16")
        return content.decode("utf-8-sig", errors="replace")

    def write(self, path: str, content: bytes | str, *, parents: bool = False) -> Node:
        """Create or replace a file; text is written as UTF-8 without a mark.

        :raises WindowsError: code 3 the directory is not there (unless ``parents``), code 5 it is a directory or
            read-only.
        """
        full = paths.normalise(path)
        node = self._nodes.get(full.lower())
        if node is not None and (node.directory or "ReadOnly" in node.attributes):
            raise WindowsError(5, full)
        folder = paths.parent(full)
        if not self.is_directory(folder):
            if not parents:
                raise WindowsError(3, full)
            self.mkdir(folder)
        data = content.encode() if isinstance(content, str) else content
        if node is None:
            return self._put(Node(full, directory=False, content=data, attributes={"Archive"}))
        node.content = data
        node.modified = node.accessed = self._now()
        return node

    def append(self, path: str, content: bytes | str) -> Node:
        """Add to the end of a file, which is made when it is not there."""
        data = content.encode() if isinstance(content, str) else content
        return self.write(path, (self.read(path) if self.exists(path) else b"") + data)

    def mkdir(self, path: str) -> Node:
        """Make a directory and those above it; one that is there is fine.

        :raises WindowsError: code 183 a file is in the way, code 3 the drive does not exist.
        """
        full = paths.normalise(path)
        node = self._nodes.get(full.lower())
        if node is not None:
            if not node.directory:
                raise WindowsError(183, full)
            return node
        above = paths.parent(full)
        if above.lower() == full.lower():
            raise WindowsError(3, full)
        self.mkdir(above)
        return self._put(Node(full, directory=True))

    def list(self, path: str) -> t.List[Node]:  # noqa: UP006 - the method's own name hides list
        """Give what a directory holds, sorted by name.

        :raises WindowsError: code 3 nothing there, code 267 it is a file.
        """
        node = self.find(path)
        if node is None:
            raise WindowsError(3, paths.normalise(path))
        if not node.directory:
            raise WindowsError(267, node.path)
        prefix = node.path.lower().rstrip("\\") + "\\"
        nodes = list(self._nodes.items())  # others may write while this looks
        found = [n for key, n in nodes if key.startswith(prefix) and "\\" not in key[len(prefix) :]]
        return sorted((n for n in found if n is not node), key=lambda n: n.path.lower())

    def walk(self, path: str) -> t.Iterator[Node]:
        """Give everything below a directory, a directory before its content."""
        for node in self.list(path):
            yield node
            if node.directory and not node.target:
                yield from self.walk(node.path)

    def glob(self, pattern: str) -> t.List[Node]:  # noqa: UP006
        """Give what matches a path with ``*`` and ``?`` in its parts."""
        parts = pattern.replace("/", "\\").split("\\")
        found = [parts[0] + "\\"]
        for part in parts[1:]:
            wild = any(c in part for c in "*?")
            found = [
                child
                for base in found
                for child in (
                    [n.path for n in self.list(base) if fnmatch.fnmatchcase(n.name.lower(), part.lower())]
                    if wild and self.is_directory(base)
                    else [paths.join(base, part)] * (not wild)
                )
            ]
        return [node for node in map(self.find, found) if node is not None]

    def delete(self, path: str, *, recursive: bool = False) -> None:
        """Remove a file or directory.

        :raises WindowsError: code 2 nothing there, code 145 a directory that is not empty (unless ``recursive``),
            code 5 read-only.
        """
        node = self.stat(path)
        if "ReadOnly" in node.attributes and not recursive:
            raise WindowsError(5, node.path)
        if node.directory and not node.target:
            below = list(self.walk(node.path))
            if below and not recursive:
                raise WindowsError(145, node.path)
            for child in below:
                self._nodes.pop(child.path.lower(), None)
        del self._nodes[node.path.lower()]

    def copy(self, source: str, destination: str) -> None:
        """Copy a file, or a directory with all below it, to a new path."""
        node = self.stat(source)
        if not node.directory:
            self.write(destination, node.content)
            return
        self.mkdir(destination)
        for child in self.list(node.path):
            self.copy(child.path, paths.join(destination, child.name))

    def move(self, source: str, destination: str) -> None:
        """Give a file or directory another path."""
        self.copy(source, destination)
        self.delete(source, recursive=True)

    def link(self, path: str, target: str) -> Node:
        """Make a symbolic link."""
        node = self.stat(target)
        made = Node(paths.normalise(path), directory=node.directory, target=node.path)
        made.attributes = {"ReparsePoint"}
        return self._put(made)

    def _put(self, node: Node) -> Node:
        node.created = node.modified = node.accessed = self._now()
        if node.directory:
            node.attributes |= {"Directory"}
        self._nodes[node.path.lower()] = node
        return node

    @staticmethod
    def _key(path: str) -> str:
        return paths.normalise(path).lower()
