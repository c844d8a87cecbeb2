# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy what the collection's archive would hold into a tree where ansible-test accepts it.

ansible-test works only below .../ansible_collections/NAMESPACE/NAME, and a link does not help. What it shall look at is
what is shipped: the files that git knows or would add, without those that galaxy.yml's build_ignore leaves out.
"""

from __future__ import annotations

import argparse
import collections.abc as c
import fnmatch
import pathlib
import shutil
import subprocess
import sys
import typing as t

import yaml

PROJECT = pathlib.Path(__file__).resolve().parents[1]
# Not shipped, and needed by ansible-test all the same.
WANTED = ("galaxy.yml", "tests/config.yml", "tests/sanity/")


def main(arguments: c.Sequence[str] | None = None) -> int:
    """Make the tree below a directory, and print where the collection is in it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path, help="where ansible_collections/ shall be")
    print(copy_tree(parser.parse_args(arguments).directory))
    return 0


def copy_tree(directory: pathlib.Path) -> pathlib.Path:
    """Copy the collection below a directory and return its root there. OSError when that is not possible."""
    galaxy = _galaxy()
    root = directory / "ansible_collections" / galaxy["namespace"] / galaxy["name"]
    for path in [*shipped(), *(path for path in listed() if path.startswith(WANTED))]:
        copy = root / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / path, copy, follow_symlinks=False)
    return root


def shipped() -> list[str]:
    """Return the files that the archive holds, relative to the project."""
    ignored = [*_galaxy().get("build_ignore", []), "galaxy.yml"]
    return [path for path in listed() if not is_ignored(path, ignored)]


def is_ignored(path: str, patterns: c.Sequence[str]) -> bool:
    """Say whether a pattern of build_ignore matches the path or a directory above it, as ansible-galaxy does."""
    above = pathlib.PurePosixPath(path)
    return any(fnmatch.fnmatch(str(part), pattern) for part in (above, *above.parents) for pattern in patterns)


def listed() -> list[str]:
    """Return the files that git knows or would add, relative to the project."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return sorted(path for path in done.stdout.split("\0") if path and (PROJECT / path).is_file())


def _galaxy() -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", yaml.safe_load((PROJECT / "galaxy.yml").read_text(encoding="utf-8")))


if __name__ == "__main__":
    sys.exit(main())
