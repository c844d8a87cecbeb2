# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from tests.lab.modules.calls import PASSWORD, Guest


def test_a_user_is_made_changed_and_deleted(guest: Guest) -> None:
    made = guest.ok("win_user", name="bob", password=PASSWORD, groups=["Administrators"], description="Bob")
    assert made["changed"]
    assert [group["name"] for group in made["groups"]] == ["Administrators"]
    assert made["sid"].startswith(guest.machine.sid)
    assert PASSWORD not in str(made)
    assert guest.machine.users.authenticate("bob", PASSWORD)
    assert not guest.ok("win_user", name="bob", password=PASSWORD, groups=["Administrators"])["changed"]
    changed = guest.ok("win_user", name="bob", groups=["Users"], account_disabled=True)
    assert [group["name"] for group in changed["groups"]] == ["Users"]
    assert guest.machine.users.password_of("bob") is None
    assert guest.ok("win_user", name="bob", state="absent")["msg"] == "User 'bob' deleted successfully"
    assert guest.ok("win_user", name="bob", state="query")["state"] == "absent"


def test_a_weak_password_is_refused(guest: Guest) -> None:
    message = guest.run("win_user", name="bob", password="weak")["msg"]
    assert "The password does not meet the password policy requirements" in message
    assert guest.machine.users.find("bob") is None


def test_an_unknown_group_is_refused(guest: Guest) -> None:
    assert (
        guest.run("win_user", name="bob", password=PASSWORD, groups=["Wizards"])["msg"] == "group 'Wizards' not found"
    )


def test_members_of_a_group(guest: Guest) -> None:
    guest.machine.users.add("bob", PASSWORD)
    assert guest.ok("win_group", name="Ops", description="o", members={"add": ["bob"]})["changed"]
    assert not guest.ok("win_group", name="Ops", members={"add": [".\\bob"]})["changed"]
    more = guest.ok("win_group_membership", name="Ops", members=["Administrator"], state="pure")
    assert more["added"] == [f"{guest.machine.name}\\Administrator"]
    assert more["removed"] == [f"{guest.machine.name}\\bob"]
    assert guest.run("win_group_membership", name="None", members=[])["msg"] == "Could not find local group None"
    assert guest.ok("win_group", name="Ops", state="absent")["changed"]


def test_who_runs_the_module(guest: Guest) -> None:
    assert guest.ok("win_whoami")["account"]["account_name"] == "Administrator"
    system = guest.ok("win_whoami", become_user="SYSTEM")
    assert system["account"]["sid"] == "S-1-5-18"


def test_certificates_go_out_and_in(guest: Guest) -> None:
    made = guest.machine.certificates.create_self_signed(["host.example"], bits=1024)
    call = {"thumbprint": made.thumbprint, "path": "C:\\host.pfx", "file_type": "pkcs12", "password": "Secret-Word-1"}
    assert guest.ok("win_certificate_store", state="exported", **call)["changed"]
    assert not guest.ok("win_certificate_store", state="exported", **call)["changed"]
    assert guest.ok("win_certificate_store", state="absent", thumbprint=made.thumbprint)["changed"]
    back = guest.ok("win_certificate_store", path="C:\\host.pfx", password="Secret-Word-1")
    assert back["thumbprints"] == [made.thumbprint]
    assert guest.machine.certificates.find(made.thumbprint).key_pem
    assert guest.run("win_certificate_store", path="C:\\host.pfx", password="wrong")["failed"]
    message = guest.run("win_certificate_store", state="exported", path="C:\\x")["msg"]
    assert message == "state is exported but all of the following are missing: thumbprint"


def test_the_token_has_the_groups_of_the_account_and_of_the_logon(guest: Guest) -> None:
    mine = {one["account_name"]: one for one in guest.ok("win_whoami")["groups"]}
    assert mine["Administrators"]["attributes"] == ["Mandatory", "Enabled by default", "Enabled", "Owner"]
    assert mine["NETWORK"]["domain_name"] == "NT AUTHORITY"
    system = [one["account_name"] for one in guest.ok("win_whoami", become_user="SYSTEM")["groups"]]
    assert system == ["Administrators", "Everyone", "Authenticated Users"]
