# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of single documented examples, by module and number. A test fails for each entry that is not true."""

from __future__ import annotations

import typing as t

from tests.lab.contract import example_guest
from tests.lab.contract.documents import Example

Key = tuple[str, int]

# Options that replace those of the documentation: what the page leaves out, and seconds that nobody wants to wait.
SUBSTITUTES: dict[Key, dict[str, t.Any]] = {
    ("win_wait_for", 0): {"timeout": 2},  # of all its examples: a wait that does not end must fail
    # The page's checksum is of its own picture, and exported certificates have no name on it.
    ("win_get_url", 6): {"checksum": "43927dbb8167306b16f812e4002e749d1cbfce27"},
    ("win_certificate_store", 7): {"thumbprint": example_guest.thumbprint()},
    ("win_certificate_store", 8): {"thumbprint": example_guest.thumbprint()},
}
# What the pages have as variables.
VARIABLES: dict[str, t.Any] = {
    "my_ansible_var": "some value",
    "item": example_guest.thumbprint(),
    "user": "bob",
    "password": example_guest.PASSWORD,
}
# What the controller does and the guest does not: a playbook runs these.
BY_PLAYBOOK = ("win_copy", "async_status")
SCRIPTS = ("win_powershell", "win_shell")


def uses_script(example: Example) -> bool:
    """Say whether an example's point is a script of its own."""
    return example.key[0] in SCRIPTS or "stdin" in example.args


# What the lab does not know, and says so in these words.
REFUSED: dict[Key, str] = {
    ("win_certificate_store", 6): "a store that is not LocalMachine's",  # a user's own
    ("win_certificate_store", 10): "a store that is not LocalMachine's",  # a service's, on a domain controller
    ("win_command", 4): "whoami.exe /all",
    ("win_get_url", 3): "the web request option proxy_username",
    ("win_get_url", 4): "a web request to ftp://server/file.txt",
    ("win_package", 15): "win_package: C:\\Patches\\Product.msp",
    ("win_package", 17): "win_package: C:\\Installers\\Calculator.msix",
    ("win_regedit", 14): "a registry hive in a file",
    ("win_xml", 5): "the XPath //@[lang=",  # .NET refuses it too: it is no XPath
    ("website", 2): "bindings of https",
}
# What fails on the prepared guest as it would on Windows: there is no domain, or no such thing.
FAILED: dict[Key, str] = {
    ("win_feature", 3): "Failed to find source path",
    ("win_feature", 4): "Failed to install Windows Feature",
    ("win_group", 4): "Failed to translate 'DOMAIN",
    ("win_group", 6): "Failed to translate 'DOMAIN",
    **dict.fromkeys([("win_group_membership", number) for number in (1, 2, 3)], "could not be translated"),
    ("win_package", 10): "Failed to logon DOMAIN",
    ("win_http_proxy", 6): "missing parameter",
    ("win_inet_proxy", 8): "missing parameter",
    ("win_scheduled_task", 3): "is not a valid account",
    ("win_scheduled_task", 4): "is not a valid account",  # and s4u would want a password
    ("win_scheduled_task", 5): "is not a valid account",
    ("win_scheduled_task", 6): "mandatory key 'start_boundary' for trigger is not set",
    ("win_service", 3): "does not support pausing",
    **dict.fromkeys([("win_service", number) for number in (8, 15)], "could not be translated"),
    ("win_ping", 2): "boom",
}
# What check mode does not foresee, in the real module too.
UNPREDICTED: dict[Key, str] = {
    ("win_feature", 4): "what a feature is installed from is looked for when it is installed",
    ("win_scheduled_task", 6): "the triggers of a new task are looked at when it is there",
    ("win_xml", 3): "the module only says that it removes elements when it does",
}
