# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites and the server's configuration are one file, whichever module looks at it."""

from __future__ import annotations

import pytest

from lab.windows.iis import CONFIG, Iis
from tests.lab.modules.calls import Guest, make_guest

LOGS = "/configuration/system.applicationHost/sites/siteDefaults/logFile"
SITE = "microsoft.iis.website"
XML = "community.windows.win_xml"


@pytest.fixture
def guest() -> Guest:
    guest = make_guest()
    guest.ok("win_feature", name=["Web-Server", "Web-Scripting-Tools"])
    return guest


def test_iis_comes_with_a_site_that_goes_once(guest: Guest) -> None:
    assert [site.name for site in Iis(guest.machine).sites()] == ["Default Web Site"]
    for check, changed in ((True, True), (False, True), (False, False), (True, False)):
        assert guest.ok(SITE, name="Default Web Site", state="absent", check=check)["changed"] is changed
    assert Iis(guest.machine).sites() == []


def test_a_site_needs_a_directory_that_is_there_and_a_binding_to_start(guest: Guest) -> None:
    assert "physical_path" in guest.run(SITE, name="web")["msg"]
    assert "must already exist" in guest.run(SITE, name="web", physical_path="C:\\web")["msg"]
    guest.ok("win_file", path="C:\\web", state="directory")
    assert guest.run(SITE, name="web", physical_path="C:\\web")["failed"]
    wanted = {"name": "web", "physical_path": "C:\\web", "bindings": {"set": [{"ip": "*", "port": 8080}]}}
    assert guest.ok(SITE, **wanted)["changed"]
    assert not guest.ok(SITE, **wanted)["changed"]
    site = Iis(guest.machine).find("WEB")
    assert site is not None
    assert (site.bindings, site.started, site.element.get("id")) == (["*:8080:"], True, "2")


def test_bindings_are_added_and_removed(guest: Guest) -> None:
    for change, left in (
        ({"add": [{"ip": "*", "port": 81, "hostname": "x"}]}, ["*:80:", "*:81:x"]),
        ({"remove": [{"ip": "*", "port": 80}]}, ["*:81:x"]),
        ({"set": []}, []),
    ):
        assert guest.ok(SITE, name="Default Web Site", bindings=change, state="stopped")["changed"]
        site = Iis(guest.machine).find("Default Web Site")
        assert site is not None
        assert site.bindings == left


def test_a_site_is_stopped_and_started(guest: Guest) -> None:
    for state, changed in (
        ("started", False),
        ("stopped", True),
        ("stopped", False),
        ("started", True),
        ("restarted", True),
    ):
        assert guest.ok(SITE, name="Default Web Site", state=state)["changed"] is changed


def test_without_its_powershell_module_or_without_iis_nothing_works() -> None:
    guest = make_guest()
    assert "WebAdministration" in guest.run(SITE, name="x", state="absent")["msg"]
    guest.ok("win_feature", name=["Web-Server"])
    assert "WebAdministration" in guest.run(SITE, name="x", state="absent")["msg"]


def test_what_the_lab_does_not_know_fails(guest: Guest) -> None:
    binding = {"set": [{"ip": "*", "port": 443, "protocol": "https", "certificate_hash": "AA"}]}
    unsupported = (
        (SITE, {"name": "Default Web Site", "bindings": binding}),
        (XML, {"path": CONFIG, "xpath": LOGS, "type": "text", "fragment": "", "state": "absent"}),
        (XML, {"path": CONFIG, "xpath": "//site[position()<2]", "type": "text", "fragment": "x"}),
    )
    for module, args in unsupported:
        done = guest.raw(module, args)
        assert done.rc != 0
        assert b"does not" in done.stderr + done.stdout or b"lab" in done.stderr + done.stdout


def test_an_attribute_gets_its_value_once(guest: Guest) -> None:
    change = {"path": CONFIG, "xpath": LOGS, "type": "attribute", "attribute": "directory", "fragment": "D:\\Logs"}
    before = guest.machine.files.read(CONFIG)
    assert guest.ok(XML, **change, check=True)["changed"]
    assert guest.machine.files.read(CONFIG) == before
    assert guest.ok(XML, **change)["changed"]
    assert guest.ok(XML, **change)["msg"] == "not changed"
    assert b'directory="D:\\Logs"' in guest.machine.files.read(CONFIG)
    assert [site.name for site in Iis(guest.machine).sites()] == ["Default Web Site"]


def test_nodes_are_counted_and_none_is_no_failure(guest: Guest) -> None:
    assert guest.ok(XML, path=CONFIG, xpath="//sites/site", count=True)["count"] == 1
    missing = guest.ok(XML, path=CONFIG, xpath="//nowhere", type="text", fragment="x")
    assert (missing["changed"], "did not match" in missing["msg"]) == (False, True)
    assert "does not exist" in guest.run(XML, path="C:\\no.xml", xpath="//x", count=True)["msg"]


def test_a_text_is_replaced(guest: Guest) -> None:
    guest.machine.files.write("C:\\a.xml", "<r><p><n>a</n><s>Off</s></p><p><n>b</n><s>Off</s></p></r>")
    change = {"path": "C:\\a.xml", "xpath": "/r/p[n='b']/s", "type": "text", "fragment": "On"}
    assert guest.ok(XML, **change)["changed"]
    assert not guest.ok(XML, **change)["changed"]
    assert "<r><p><n>a</n><s>Off</s></p><p><n>b</n><s>On</s></p></r>" in guest.machine.files.read_text("C:\\a.xml")


def _books(guest: Guest, text: str) -> dict[str, str]:
    guest.machine.files.write("C:\\b.xml", text)
    return {"path": "C:\\b.xml"}


def test_an_element_is_added_once(guest: Guest) -> None:
    change = {**_books(guest, "<r>\n <b id='1'/>\n</r>"), "xpath": "/r", "fragment": "<c id='2'><d>x</d></c>"}
    assert guest.ok(XML, **change, check=True)["msg"] == "not changedxml added  check mode"
    assert b"<c" not in guest.machine.files.read("C:\\b.xml")
    assert guest.ok(XML, **change)["msg"] == "element changed"
    assert b'<c id="2"><d>x</d></c>' in guest.machine.files.read("C:\\b.xml")
    assert not guest.ok(XML, **change)["changed"]
    assert guest.ok(XML, **{**change, "fragment": "<c id='3'><d>x</d></c>"})["changed"]
    assert "Failed to parse fragment" in guest.run(XML, **{**change, "fragment": "<c"})["msg"]


def test_elements_are_removed_with_a_backup(guest: Guest) -> None:
    change = {**_books(guest, "<r><b><x/><y/></b><c/></r>"), "xpath": "/r/b/descendant::*", "state": "absent"}
    assert not guest.ok(XML, **change, check=True)["changed"], "the module forgets to say it in check mode"
    done = guest.ok(XML, **change, backup=True)
    assert done["msg"] == "element removed"
    assert b"<x/>" in guest.machine.files.read(done["backup_file"])
    assert b"<r><b /><c /></r>" in guest.machine.files.read("C:\\b.xml")
