# SPDX-License-Identifier: GPL-3.0-or-later
"""Return values of the modules for files and downloads."""

from __future__ import annotations

import json
import typing as t

from tests.lab.contract.returned import Result, returns
from tests.lab.modules.calls import Guest
from tests.lab.modules.fetching import Web

TEXT = "C:\\lab\\one.txt"
LINK = "C:\\lab\\link.txt"
PAGE = "http://store.example/page"


def _tree(guest: Guest) -> None:
    files = guest.machine.files
    files.mkdir("C:\\lab\\sub")
    files.write(TEXT, "one")
    files.link(LINK, TEXT)


@returns("ansible.windows.win_stat")
def win_stat(guest: Guest) -> t.Iterator[Result]:
    """A file, a directory, a link, and nothing."""
    _tree(guest)
    for path in (TEXT, "C:\\lab", LINK, "C:\\lab\\nothing"):
        yield guest.ok("win_stat", path=path)


@returns("ansible.windows.win_find")
def win_find(guest: Guest) -> t.Iterator[Result]:
    """Everything below a folder, and nothing."""
    _tree(guest)
    yield guest.ok("win_find", paths=["C:\\lab"], file_type="any", recurse=True)
    yield guest.ok("win_find", paths=["C:\\lab"], patterns=["nothing*"])


@returns("ansible.windows.slurp")
def slurp(guest: Guest) -> t.Iterator[Result]:
    """A file."""
    _tree(guest)
    yield guest.ok("slurp", src=TEXT)


@returns("ansible.windows.win_file")
def win_file(guest: Guest) -> t.Iterator[Result]:
    """Nothing is documented."""
    yield guest.ok("win_file", path="C:\\lab", state="directory")


@returns("ansible.windows.win_copy")
def win_copy(guest: Guest) -> t.Iterator[Result]:
    """Copies on the server: a file over another one, and a folder."""
    _tree(guest)
    guest.machine.files.write("C:\\lab\\two.txt", "two")
    given = {"_copy_mode": "remote", "remote_src": True}
    yield guest.ok("win_copy", src=TEXT, dest="C:\\lab\\two.txt", backup=True, **given)
    yield guest.ok("win_copy", src="C:\\lab", dest="C:\\copy\\", **given)


@returns("ansible.windows.win_tempfile")
def win_tempfile(guest: Guest) -> t.Iterator[Result]:
    """A file and a directory."""
    yield guest.ok("win_tempfile")
    yield guest.ok("win_tempfile", state="directory")


@returns("ansible.windows.win_get_url")
def win_get_url(guest: Guest) -> t.Iterator[Result]:
    """A download, the same again, and one that is not there."""
    guest.machine.attach(network=Web({PAGE: b"page"}, direct=True))
    yield guest.ok("win_get_url", url=PAGE, dest=TEXT.replace("lab\\", ""))
    yield guest.ok("win_get_url", url=PAGE, dest=TEXT.replace("lab\\", ""), force=False)
    yield guest.run("win_get_url", url=PAGE + "less", dest="C:\\none.txt")


@returns("community.windows.win_xml")
def win_xml(guest: Guest) -> t.Iterator[Result]:
    """Counting, a text with a backup, and an element that is compared with those that are there."""
    path = "C:\\lab.xml"
    guest.machine.files.write(path, "<a><b>one</b><b>two</b></a>")
    call = {"path": path, "xpath": "/a/b"}
    yield guest.ok("community.windows.win_xml", count=True, **call)
    yield guest.ok("community.windows.win_xml", type="text", fragment="three", backup=True, **call)
    told = {"path": path, "xpath": "/a", "fragment": "<c/>", "_ansible_verbosity": 3}
    yield json.loads(guest.raw("community.windows.win_xml", told).stdout)
