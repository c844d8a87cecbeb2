# SPDX-License-Identifier: GPL-3.0-or-later
"""What is well, what is not, and what the user is told to do. Tables only."""

from __future__ import annotations

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.preflight import (
    FAILED,
    OK,
    WARNING,
    Answer,
    Check,
    Ingress,
    SecurityGroup,
    Subnet,
    failure_text,
    judge_artefact,
    judge_disk,
    judge_instance_type,
    judge_packer,
    judge_quota,
    judge_root_volume,
    judge_security_group,
    judge_sources,
    judge_subnet,
    lets_in,
    needs_plugins,
    packer_version,
    without_secrets,
)

SUBNET = Subnet("subnet-1", "available", "vpc-1", "eu-west-1a", "10.0.0.0/24", 250, False)
REGION = "eu-west-1"


def a_group(*rules: Ingress, vpc: str = "vpc-1") -> SecurityGroup:
    return SecurityGroup("sg-1", vpc, rules)


def from_cidr(*cidrs: str, ports: tuple[int, int] = (5986, 5986), protocol: str = "tcp") -> Ingress:
    return Ingress(protocol, *ports, cidrs, ())


@pytest.mark.parametrize(
    ("subnet", "subnet_id", "interface", "public", "status", "text"),
    [
        (SUBNET, "subnet-1", "private_ip", False, OK, "subnet-1 (10.0.0.0/24, eu-west-1a) has 250 free addresses"),
        (None, "", "private_ip", False, FAILED, "No subnet is set. Set golden_builder.subnet_id"),
        (None, "subnet-2", "private_ip", False, FAILED, "subnet-2 does not exist in eu-west-1, or belongs to another"),
        (SUBNET._replace(state="pending"), "subnet-1", "private_ip", False, FAILED, "is pending, not available."),
        (SUBNET._replace(free_addresses=0), "subnet-1", "private_ip", False, FAILED, "has no free address."),
        (SUBNET, "subnet-1", "public_ip", False, FAILED, "gives no public addresses"),
        (SUBNET, "subnet-1", "public_ip", True, OK, "250 free"),
        (SUBNET._replace(gives_public_addresses=True), "subnet-1", "public_dns", False, OK, "250 free"),
    ],
)
def test_subnet(subnet: Subnet | None, subnet_id: str, interface: str, public: bool, status: str, text: str) -> None:
    check = judge_subnet(subnet, subnet_id, REGION, interface, public)
    assert check.status == status
    assert text in check.detail


@pytest.mark.parametrize(
    ("group", "sources", "allowed"),
    [
        (a_group(from_cidr("10.0.0.0/8")), "10.1.2.3/32", True),
        (a_group(from_cidr("10.1.2.3/32")), "10.1.2.3/32", True),
        (a_group(from_cidr("10.1.2.3/32")), "10.1.2.0/24", False),
        (a_group(from_cidr("10.1.2.4/32")), "10.1.2.3/32", False),
        (a_group(from_cidr("0.0.0.0/0", ports=(5985, 5985))), "10.1.2.3/32", False),
        (a_group(from_cidr("0.0.0.0/0", ports=(5000, 6000))), "10.1.2.3/32", True),
        (a_group(from_cidr("0.0.0.0/0", protocol="udp")), "10.1.2.3/32", False),
        (a_group(from_cidr("0.0.0.0/0", protocol="-1", ports=(0, 0))), "10.1.2.3/32", True),
        (a_group(from_cidr("::/0")), "10.1.2.3/32", False),
        (a_group(from_cidr("::/0")), "fd00::1/128", True),
        (a_group(), "10.1.2.3/32", False),
    ],
)
def test_who_a_security_group_lets_in(group: SecurityGroup, sources: str, allowed: bool) -> None:
    assert lets_in(group, sources, 5986) is allowed


@pytest.mark.parametrize(
    ("group", "status", "text"),
    [
        (a_group(from_cidr("10.0.0.7/32")), OK, "sg-1 lets TCP 5986 in from 10.0.0.7/32"),
        (None, FAILED, "sg-1 does not exist."),
        (a_group(vpc="vpc-2"), FAILED, "sg-1 belongs to vpc-2, but subnet subnet-1 to vpc-1."),
        (
            a_group(),
            FAILED,
            "sg-1 does not let TCP 5986 in from 10.0.0.7/32: Ansible could not connect. Add the rule: aws ec2 "
            "authorize-security-group-ingress --group-id sg-1 --protocol tcp --port 5986 --cidr 10.0.0.7/32",
        ),
        (a_group(Ingress("tcp", 5986, 5986, (), ("sg-9",))), WARNING, "from sg-9. Does that cover 10.0.0.7/32?"),
    ],
)
def test_security_group(group: SecurityGroup | None, status: str, text: str) -> None:
    check = judge_security_group(group, "sg-1", SUBNET, ["10.0.0.7/32"])
    assert check.status == status
    assert text in check.detail


@pytest.mark.parametrize(
    ("sources", "interface", "status", "text"),
    [
        (["10.0.0.7/32"], "private_ip", OK, "WinRM is open to 10.0.0.7/32"),
        (
            [],
            "public_ip",
            FAILED,
            "the public address of this machine is not known here. Set golden_builder.source_cidrs",
        ),
        (["10.0.0.7/33"], "private_ip", FAILED, "'10.0.0.7/33', which is not a CIDR block"),
        (["0.0.0.0/0"], "private_ip", FAILED, "WinRM is not opened to everyone"),
    ],
)
def test_source_addresses(sources: list[str], interface: str, status: str, text: str) -> None:
    check = judge_sources(sources, interface)
    assert check.status == status
    assert text in check.detail


@pytest.mark.parametrize(
    ("zone", "zones", "status", "text"),
    [
        ("eu-west-1a", {"eu-west-1a"}, OK, "offered in eu-west-1a"),
        (None, {"eu-west-1a"}, OK, "offered in eu-west-1"),
        (None, set(), FAILED, "m5.x is not offered anywhere in eu-west-1."),
        (
            "eu-west-1a",
            {"eu-west-1c", "eu-west-1b"},
            FAILED,
            "not offered in eu-west-1a, only in eu-west-1b, eu-west-1c.",
        ),
        ("eu-west-1a", set(), FAILED, "m5.x is not offered anywhere in eu-west-1."),
    ],
)
def test_instance_type(zone: str | None, zones: set[str], status: str, text: str) -> None:
    check = judge_instance_type("m5.x", zone, zones, REGION)
    assert check.status == status
    assert text in check.detail


@pytest.mark.parametrize(("used", "status"), [(0, OK), (30, OK), (31, FAILED)])
def test_quota(used: int, status: str) -> None:
    check = judge_quota(32, used, 2, REGION)
    assert check.status == status
    assert f"{used} of 32 vCPUs" in check.detail
    assert ("--desired-value 33" in check.detail) == (status == FAILED)


@pytest.mark.parametrize(("size", "status"), [(None, OK), (50, OK), (51, FAILED)])
def test_root_volume(size: int | None, status: str) -> None:
    check = judge_root_volume(50, {"Windows (ami-1)": size, "other": 30})
    assert check.status == status
    assert ("Windows (ami-1) needs 51 at least" in check.detail) == (status == FAILED)


@pytest.mark.parametrize(
    ("version", "plugins", "status", "text"),
    [
        ("Packer v1.6.6\n", None, OK, "1.6.6"),
        ("Packer v1.16.0-dev", "packer-plugin-amazon packer-plugin-ansible", OK, "1.16.0"),
        (
            "Packer v1.16.0",
            "packer-plugin-amazon",
            FAILED,
            "lacks its plugins ansible. Run: packer init packer/plugins",
        ),
        ("Packer v1.6.5", None, FAILED, "packer is version 1.6.5, which is too old. Install Packer 1.6.6"),
        (None, None, FAILED, "packer was not found. Install Packer 1.6.6 or later"),
        ("cracklib", None, FAILED, "does not say its version but: 'cracklib'"),
    ],
)
def test_packer(version: str | None, plugins: str | None, status: str, text: str) -> None:
    check = judge_packer(version, plugins, "packer")
    assert check.status == status
    assert text in check.detail


def test_which_packer_needs_plugins() -> None:
    assert packer_version("x") is None
    assert [needs_plugins(f"Packer v{version}") for version in ("1.6.6", "1.9.5", "1.10.0")] == [False, False, True]


@pytest.mark.parametrize(
    ("answer", "required", "status", "text"),
    [
        (Answer(200), True, OK, "http://x/a.msi"),
        (Answer(206), True, OK, "http://x/a.msi"),
        (Answer(404), True, FAILED, "http://x/a.msi does not answer through http://p:1: HTTP 404. Check a_url."),
        (Answer(404), False, WARNING, "HTTP 404"),
        (
            Answer(None, "timed out"),
            True,
            FAILED,
            "timed out. Check a_url, and that this machine gets there through http://p:1.",
        ),
    ],
)
def test_artefact(answer: Answer, required: bool, status: str, text: str) -> None:
    check = judge_artefact("a_url", "http://x/a.msi", answer, required, "http://p:1")
    assert check.status == status
    assert text in check.detail


def test_tokens_and_passwords_of_addresses_are_not_shown() -> None:
    assert without_secrets("https://u:secret@x:8/a.msi?token=secret#secret") == "https://x:8/a.msi"
    check = judge_artefact("a", "https://u:secret@x/a?t=secret", Answer(500), True, "http://u:secret@p:1")
    assert "secret" not in check.detail


@pytest.mark.parametrize(("free", "status"), [(199, FAILED), (200, OK)])
def test_disk(free: int, status: str) -> None:
    assert judge_disk("/tmp", free, 200).status == status


def test_one_message_has_all_failures_and_nothing_else() -> None:
    assert failure_text([Check("a", OK, "x"), Check("b", WARNING, "y")]) == ""
    assert failure_text([Check("a", FAILED, "x."), Check("b", OK, "y"), Check("c", FAILED, "z.")]) == (
        "2 problems stand in the way of a build; nothing was started.\n- a: x.\n- c: z."
    )
    assert failure_text([Check("a", FAILED, "x.")]).startswith("1 problem stands in the way")
