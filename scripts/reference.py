# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the reference pages, docs/reference/*.md, from what ansible-doc says of the plugins and roles.

Nothing there is written by hand. Run it as ``python -m scripts.reference``. With --check nothing is written, and the
exit status says whether a page is missing, out of date or left over.
"""

from __future__ import annotations

import argparse
import collections.abc as c
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import typing as t

from scripts.reference_markup import MarkupError
from scripts.reference_page import Subject, index, page

PROJECT = pathlib.Path(__file__).resolve().parents[1]
COLLECTION = "golden.windows_ami"
DIRECTORY = PROJECT / "docs" / "reference"
# In the order of the index.
KINDS = ("module", "inventory", "lookup", "callback", "filter", "role")


class UndocumentedError(Exception):
    """ansible-doc did not say what is needed."""


def main(arguments: c.Sequence[str] | None = None) -> int:
    """Write or check the pages; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is out of date")
    parser.add_argument("--directory", type=pathlib.Path, default=DIRECTORY, help="where the pages are")
    options = parser.parse_args(arguments)
    try:
        wanted = pages(subjects())
    except (UndocumentedError, MarkupError) as exc:
        print(exc, file=sys.stderr)
        return 2
    found = {path.name: path.read_text(encoding="utf-8") for path in options.directory.glob("*.md")}
    stale = sorted(name for name in {*wanted, *found} if wanted.get(name) != found.get(name))
    if not options.check:
        write(options.directory, wanted, stale)
    if stale:
        print(f"{'Out of date' if options.check else 'Written'}: {', '.join(stale)} in {options.directory.name}/")
    if stale and options.check:
        print("Write them with: make docs", file=sys.stderr)
    return int(bool(stale) and options.check)


def write(directory: pathlib.Path, wanted: c.Mapping[str, str], stale: c.Iterable[str]) -> None:
    """Write the pages that are out of date, and remove those of what is gone."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in stale:
        if name in wanted:
            (directory / name).write_text(wanted[name], encoding="utf-8")
        else:
            (directory / name).unlink()


def pages(documented: c.Sequence[Subject]) -> dict[str, str]:
    """Return the text of every page by file name."""
    names = {(subject.kind, subject.name): subject.file for subject in documented}

    def find(kind: str, name: str) -> str | None:
        return names.get((kind, name))

    return {"README.md": index(documented, KINDS), **{subject.file: page(subject, find) for subject in documented}}


def subjects() -> list[Subject]:
    """Return every plugin and role of the collection with its documentation, in the order of the index."""
    said = ansible_doc("--metadata-dump", "--no-fail-on-errors", COLLECTION)["all"]
    found = [
        Subject(kind, name, documentation)
        for kind, plugins in said.items()
        for name, documentation in plugins.items()
        if name.startswith(f"{COLLECTION}.")
    ]
    for subject in found:
        if subject.kind not in KINDS:
            raise UndocumentedError(f"{subject.name}: the index has no place for the kind {subject.kind!r}")
        if "error" in subject.documentation:
            raise UndocumentedError(f"{subject.name}: {subject.documentation['error']}")
    if not found:
        raise UndocumentedError(f"ansible-doc knows no {COLLECTION}. Make the collection's link with: make setup")
    return sorted(found, key=lambda subject: (KINDS.index(subject.kind), subject.name))


def ansible_doc(*arguments: str) -> dict[str, t.Any]:
    """Return what ansible-doc says as JSON. It sees this collection only, and no settings of the user's."""
    command = [str(pathlib.Path(sys.executable).parent / "ansible-doc"), *arguments]
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_HOME": home,
            "ANSIBLE_COLLECTIONS_PATH": str(PROJECT / ".ansible" / "collections"),
        }
        done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UndocumentedError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
    return t.cast("dict[str, t.Any]", json.loads(done.stdout))


if __name__ == "__main__":
    sys.exit(main())
