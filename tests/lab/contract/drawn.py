# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of every module that changes something, drawn by hypothesis."""

from __future__ import annotations

import hashlib
import typing as t

from hypothesis import strategies as st

from tests.lab.contract import example_guest

Args = dict[str, t.Any]
NAME = st.sampled_from(["alpha", "Beta", "gamma"])
TEXT = st.sampled_from(["one", "two words", "%SystemRoot%\\x", "ünï"])
STATE = st.sampled_from(["present", "absent"])


def _with(**parts: st.SearchStrategy[t.Any]) -> st.SearchStrategy[Args]:
    return st.fixed_dictionaries(parts)


REGISTRY = st.one_of(
    _with(
        path=NAME.map("HKLM:\\SOFTWARE\\Lab\\{}".format),
        name=NAME,
        type=st.sampled_from(["string", "expandstring", "multistring"]),
        data=TEXT,
        state=STATE,
    ),
    _with(
        path=NAME.map("HKCU:\\Software\\{}".format),
        name=NAME,
        type=st.sampled_from(["dword", "qword"]),
        data=st.integers(0, 0xFFFFFFFF),
        state=STATE,
    ),
    _with(path=NAME.map("HKLM:\\SOFTWARE\\Lab\\{}".format), state=STATE, delete_key=st.booleans()),
)
SERVICE = _with(
    name=st.sampled_from(["Spooler", "W32Time", "BITS"]),
    state=st.sampled_from(["started", "stopped"]),
    start_mode=st.sampled_from(["auto", "manual", "delayed"]),
    description=TEXT,
)
FEATURE = _with(
    name=st.sampled_from(["Web-Server", "Telnet-Client", "Web-Static-Content", "Web-Asp-Net45"]),
    state=STATE,
    include_management_tools=st.booleans(),
)
RULE = _with(
    name=NAME,
    localport=st.sampled_from(["80", "443", "5000-5010"]),
    action=st.sampled_from(["allow", "block"]),
    direction=st.sampled_from(["in", "out"]),
    protocol=st.sampled_from(["tcp", "udp"]),
    state=STATE,
    enabled=st.booleans(),
)
PROFILES = _with(
    state=st.sampled_from(["enabled", "disabled"]),
    profiles=st.lists(st.sampled_from(["Domain", "Private", "Public"]), min_size=1, unique=True),
)
ENVIRONMENT = _with(
    variables=st.dictionaries(NAME, st.sampled_from(["", "one", "two words"]), min_size=1),
    level=st.sampled_from(["machine", "user"]),
)
PATH = _with(
    elements=st.lists(st.sampled_from(["C:\\A", "C:\\B", "%SystemRoot%\\system32"]), min_size=1, unique=True),
    state=STATE,
    scope=st.sampled_from(["machine", "user"]),
)
COPY = _with(
    _copy_mode=st.just("remote"),
    src=st.sampled_from(["C:\\Temp\\foo.txt", "C:\\foo.ini", "C:\\Program Files\\Program", "C:\\Temp\\"]),
    dest=st.sampled_from(["C:\\bar", "C:\\ansible\\", "C:\\ansible\\new.txt", "C:\\foo.ini"]),
    force=st.booleans(),
    backup=st.booleans(),
)
DOWNLOAD = _with(
    url=st.sampled_from([*list(example_guest.PAGES)[:2], "http://www.example.com/none"]),
    dest=st.sampled_from(["C:\\bar", "C:\\bar\\picture.jpg", "C:\\foo.ini", "C:\\nowhere\\picture.jpg"]),
    force=st.booleans(),
    checksum=st.sampled_from([None, hashlib.sha1(example_guest.PICTURE).hexdigest(), "00"]),
)
FILE = st.one_of(
    _with(
        path=st.sampled_from(["C:\\Lab\\a", "C:\\Lab\\a\\b", "C:\\Lab", "C:\\foo.ini", "C:\\bar"]),
        state=st.sampled_from(["directory", "absent", "file"]),
    ),
    # Below a folder that is not there, the real module fails in earnest only.
    _with(path=st.sampled_from(["C:\\new.txt", "C:\\foo.ini"]), state=st.just("touch")),
)
USER = _with(
    name=NAME,
    password=st.sampled_from(["Aa1!aaaa-one", "Aa1!aaaa-two"]),
    state=STATE,
    groups=st.lists(st.sampled_from(["Users", "Administrators"]), unique=True),
    account_expires=st.sampled_from(["never", "2027-01-02", "2027-10-27T14:30:00Z"]),
    account_disabled=st.booleans(),
    update_password=st.just("on_create"),  # the module always sets the password of a disabled user, to be sure
)
GROUP = _with(name=NAME, state=STATE, description=TEXT, members=_with(set=st.just(["Administrator"])))
MEMBERS = _with(
    name=st.sampled_from(["Administrators", "Backup Operators"]),
    members=st.lists(st.sampled_from(["Administrator", "Guest"]), min_size=1, unique=True),
    state=st.sampled_from(["present", "absent", "pure"]),
)
TASK = _with(
    name=NAME,
    path=st.sampled_from(["\\", "\\Lab"]),
    actions=st.just([{"path": "cmd.exe", "arguments": "/c whoami"}]),
    triggers=st.sampled_from([[], [{"type": "boot"}]]),
    username=st.just("SYSTEM"),
    description=TEXT,
    state=STATE,
    enabled=st.booleans(),
)
PROXY = _with(proxy=st.sampled_from(["host", "host:8080", {"http": "host:1"}, "http=a:1;https=b:2"]))
_REMOTE_DESKTOPS = "{0240359E-6A4C-4884-9E94-B397A02D893C}"
PACKAGE = st.one_of(
    _with(path=st.sampled_from(["C:\\temp\\rdcman.msi", example_guest.RDCMAN_URL]), state=STATE),
    _with(path=st.just("C:\\temp\\Application.msi"), state=STATE, arguments=st.sampled_from([None, "SERVICE=1"])),
    _with(
        path=st.just("C:\\temp\\7z.exe"),
        product_id=st.just("7-Zip"),
        arguments=st.just("/S"),
        creates_path=st.sampled_from([None, "C:\\Program Files\\7-Zip\\7z.exe", "C:\\foo.ini"]),
    ),
    _with(product_id=st.sampled_from(["7-Zip", _REMOTE_DESKTOPS, "nothing"]), state=st.just("absent")),
)
HOSTNAME = _with(name=st.sampled_from(["WIN-STOCKAMI", "sample-hostname", "Other", "-wrong-", "a" * 16]))
_STORE = st.sampled_from(["My", "Root", "CertificateAuthority"])
CERTIFICATE = st.one_of(
    _with(path=st.just("C:\\Temp\\cert.pem"), state=STATE, store_name=_STORE),
    _with(thumbprint=st.sampled_from([example_guest.thumbprint(), "00"]), state=st.just("absent"), store_name=_STORE),
    _with(
        path=st.sampled_from(["C:\\Temp\\out", "C:\\Temp\\cert.pem", "C:\\bar"]),
        thumbprint=st.just(example_guest.thumbprint()),
        file_type=st.sampled_from(["pem", "der", "pkcs12"]),
        password=st.just("Secret-1"),
        state=st.just("exported"),
        store_name=_STORE,
    ),
)
_XML = {"path": st.just("C:\\Data\\Books.xml"), "xpath": st.sampled_from(["/books", "//book", "/books/shelf"])}
_FRAGMENTS = ["<page number='1'><word/></page>", "<page/>", "<"]
DOCUMENT = st.one_of(
    _with(**_XML, type=st.just("attribute"), attribute=NAME, fragment=TEXT, backup=st.booleans()),
    _with(**_XML, type=st.just("text"), fragment=TEXT),
    _with(**_XML, type=st.just("element"), fragment=st.sampled_from(_FRAGMENTS)),
    _with(**_XML, count=st.just(True)),
)
_BINDINGS = st.lists(
    _with(ip=st.just("*"), port=st.sampled_from([81, 82]), hostname=st.sampled_from(["", "x.example"])),
    min_size=1,
    max_size=2,
    unique_by=str,
)
SITE = _with(
    name=st.sampled_from(["Default Web Site", "Other"]),
    state=st.sampled_from(["started", "stopped", "absent"]),
    physical_path=st.sampled_from([None, "C:\\bar", "C:\\inetpub\\wwwroot", "C:\\nowhere"]),
    application_pool=st.sampled_from([None, "DefaultAppPool", "Other"]),
    bindings=st.one_of(_with(set=_BINDINGS), _with(add=_BINDINGS), _with(remove=_BINDINGS), st.just({})),
)

CASES: dict[str, st.SearchStrategy[Args]] = {
    "ansible.windows.win_certificate_store": CERTIFICATE,
    "ansible.windows.win_copy": COPY,
    "ansible.windows.win_environment": ENVIRONMENT,
    "ansible.windows.win_feature": FEATURE,
    "ansible.windows.win_file": FILE,
    "ansible.windows.win_firewall": PROFILES,
    "ansible.windows.win_get_url": DOWNLOAD,
    "ansible.windows.win_group": GROUP,
    "ansible.windows.win_group_membership": MEMBERS,
    "ansible.windows.win_hostname": HOSTNAME,
    "ansible.windows.win_http_proxy": PROXY,
    "ansible.windows.win_inet_proxy": PROXY,
    "ansible.windows.win_package": PACKAGE,
    "ansible.windows.win_path": PATH,
    "ansible.windows.win_regedit": REGISTRY,
    "ansible.windows.win_service": SERVICE,
    "ansible.windows.win_user": USER,
    "community.windows.win_firewall_rule": RULE,
    "community.windows.win_scheduled_task": TASK,
    "community.windows.win_xml": DOCUMENT,
    "microsoft.iis.website": SITE,
}
