# SPDX-License-Identifier: GPL-3.0-or-later
"""Which texts hold a secret."""

from __future__ import annotations

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.seal_secrets import decode, secrets_in

ANSWERS = (
    "<unattend><AutoLogon><Password>\n<Value>{}</Value><PlainText>true</PlainText></Password></AutoLogon></unattend>"
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Tentacle.exe register-with --apiKey=API-ABCDEFGHIJKLMNOPQRSTUVWXY", "an Octopus API key"),
        ("aws configure set aws_access_key_id AKIAIOSFODNN7EXAMPLE", "an AWS access key"),
        ("[default]\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "a password"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII", "a private key"),
        ("-----BEGIN PRIVATE KEY-----\nMII", "a private key"),
        ("$Password = 'hunter2'", "a password"),
        ('{"adminPassword": "hunter2"}', "a password"),
        ("New-Thing -Password hunter2 -Force", "a password"),
        ("tool --apiKey='abc'", "a password"),
        ("tool /token:abcdef", "a password"),
        ("ConvertTo-SecureString 'hunter2' -AsPlainText -Force", "a password"),
        ("net user packer hunter2 /add", "a password"),
        ("DB_PASSWORD=hunter2", "a password"),
        ("set API_KEY=hunter2", "a password"),
        ("password: hunter2", "a password"),
        ("git clone https://ghp_0123456789abcdefghijABCDEFGHIJ012345@github.com/x/y", "a GitHub token"),
        (ANSWERS.format("aAB1AHQA"), "a password"),
        ("<AdministratorPassword>hunter2</AdministratorPassword>", "a password"),
        ('<wcm:Password><wcm:Value type="x">hunter2</wcm:Value></wcm:Password>', "a password"),
    ],
)
def test_a_secret_is_found_and_not_shown(text: str, kind: str) -> None:
    found = secrets_in("nothing here\r\n" + text)
    assert found[0].startswith(f"{kind} (line ")
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Get-ChildItem C:\\",
        "$password = $env:SECRET",
        "$password = Read-Host -AsSecureString",
        'Set-Thing -Password $secret -Token "$token"',
        "New-LocalUser -Name x -NoPassword",
        "password = {{ vault_password }}",
        "net user packer /delete",
        "net user packer * /add",
        "<Password><Value>*SENSITIVE*DATA*DELETED*</Value></Password>",
        "<AdministratorPassword>*SENSITIVE*DATA*DELETED*</AdministratorPassword>",
        "<Password></Password><AdministratorPassword/>",
        "-----BEGIN CERTIFICATE-----\nMII",
        "ConvertTo-SecureString $text -AsPlainText -Force",
        "API-version: 2",
        '{"password": null, "token": ""}',
    ],
)
def test_what_is_no_secret_is_none(text: str) -> None:
    assert secrets_in(text) == []


def test_a_secret_is_where_its_line_is() -> None:
    assert secrets_in("one\ntwo\n$token = 'x'\n$secret = 'y'") == ["a password (line 3)"]


@pytest.mark.parametrize(
    "content",
    [
        "$token = 'x'".encode("utf-16"),
        b"\xef\xbb\xbf$token = 'x'",
        "$token = 'x'".encode("utf-16-le"),
        b"\xff$token = 'x'",
    ],
    ids=["UTF-16", "UTF-8 with mark", "UTF-16 without mark", "neither"],
)
def test_windows_texts_are_read_in_whatever_they_are_written(content: bytes) -> None:
    assert secrets_in(decode(content)) == ["a password (line 1)"]
