# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib

from tests.lab.modules.calls import Guest


def test_a_directory_is_made_and_removed(guest: Guest) -> None:
    assert guest.ok("win_file", path="C:\\Octopus\\Apps", state="directory")["changed"]
    assert not guest.ok("win_file", path="C:/octopus/apps/", state="directory")["changed"]
    assert guest.ok("win_stat", path="C:\\Octopus")["stat"]["isdir"]
    assert guest.ok("win_file", path="C:\\Octopus", state="absent", check=True)["changed"]
    assert guest.machine.files.exists("C:\\Octopus\\Apps")
    assert guest.ok("win_file", path="C:\\Octopus", state="absent")["changed"]
    assert not guest.machine.files.exists("C:\\Octopus\\Apps")


def test_a_file_is_not_a_directory(guest: Guest) -> None:
    guest.ok("win_file", path="C:\\a.txt", state="touch")
    assert guest.run("win_file", path="C:\\a.txt", state="directory")["msg"] == "path C:\\a.txt is not a directory"
    assert guest.run("win_file", path="C:\\b.txt", state="file")["msg"] == "path C:\\b.txt will not be created"


def test_stat_tells_size_checksum_and_owner(guest: Guest) -> None:
    guest.machine.files.write("C:\\a.txt", b"hello")
    stat = guest.ok("win_stat", path="%SystemDrive%\\a.txt", checksum_algorithm="sha256")["stat"]
    assert stat["checksum"] == hashlib.sha256(b"hello").hexdigest()
    assert (stat["size"], stat["extension"], stat["isreg"], stat["filename"]) == (5, ".txt", True, "a.txt")
    assert guest.ok("win_stat", path="C:\\b.txt")["stat"] == {"exists": False}


def test_a_copy_on_the_machine_is_idempotent(guest: Guest) -> None:
    guest.machine.files.write("C:\\src\\a\\1.txt", b"1", parents=True)
    args = {"src": "C:\\src\\", "dest": "C:\\dst", "remote_src": True, "_copy_mode": "remote"}
    assert guest.ok("win_copy", **args)["operation"] == "folder_copy"
    assert guest.machine.files.read("C:\\dst\\a\\1.txt") == b"1"
    assert not guest.ok("win_copy", **args)["changed"]


def test_a_copy_into_a_missing_directory_fails(guest: Guest) -> None:
    guest.machine.files.write("C:\\a.txt", b"1")
    result = guest.run("win_copy", src="C:\\a.txt", dest="C:\\no\\a.txt", remote_src=True, _copy_mode="remote")
    assert result["msg"] == "Destination directory 'C:\\no' does not exist"


def test_slurp_needs_a_file(guest: Guest) -> None:
    assert guest.run("slurp", src="C:\\nothing")["msg"] == "Path C:\\nothing is not found"
    assert guest.ok("slurp", src="C:\\Windows\\System32\\drivers\\etc\\hosts")["encoding"] == "base64"
