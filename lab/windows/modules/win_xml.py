# SPDX-License-Identifier: GPL-3.0-or-later
"""Change XML files: attributes and texts, and counting."""

from __future__ import annotations

from xml.etree import ElementTree

from lab.windows.errors import UnsupportedError
from lab.windows.iis import to_text
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result

NAMES = ("community.windows.win_xml",)

_NO_NODES = (
    "The supplied xpath did not match any nodes.  If this is unexpected, check your xpath is valid for the xml file at "
    "supplied path."
)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Give an attribute or a text of the nodes that an XPath selects its value."""
    path, kind, fragment = params["path"], params["type"], params["fragment"]
    if not machine.files.is_file(path):
        raise ModuleError(f"Specified path {path} does not exist or is not a file.")
    try:
        root = ElementTree.fromstring(machine.files.read(path))  # noqa: S314 - the lab's own guest
    except ElementTree.ParseError as exc:
        raise ModuleError(f"Failed to parse file at '{path}' as an XML document: {exc}") from exc
    nodes = _select(root, params["xpath"])
    result: Result = {"count": len(nodes)} if params["count"] else {}
    if params["count"] and not fragment:
        return result
    if not nodes:
        return result | {"msg": _NO_NODES}
    if params["state"] != "present" or kind == "element" or params["backup"]:
        raise UnsupportedError(f"win_xml: type {kind} with state {params['state']}, or a backup")
    changed = [node for node in nodes if _change(node, kind, params["attribute"], fragment or "")]
    if not changed:
        return result | {"msg": "not changed"}
    if context.check_mode:
        return result | {"changed": True, "msg": "not changed check mode"}
    machine.files.write(path, to_text(root))
    return result | {"changed": True, "msg": f"{kind} changed"}


def _select(root: ElementTree.Element, xpath: str) -> list[ElementTree.Element]:
    """Give the elements that an XPath selects. ElementTree knows paths and simple predicates; more is refused."""
    document = ElementTree.Element("document")
    document.append(root)
    if not xpath.startswith("/"):
        raise UnsupportedError(f"win_xml: the relative XPath {xpath}")
    try:
        return document.findall(f".{xpath}")
    except SyntaxError as exc:
        raise UnsupportedError(f"win_xml: the XPath {xpath}: {exc}") from exc


def _change(node: ElementTree.Element, kind: str, attribute: str | None, wanted: str) -> bool:
    if kind == "text":
        # As on Windows, the text of everything below counts, and is replaced by one text.
        if "".join(node.itertext()) == wanted:
            return False
        for child in list(node):
            node.remove(child)
        node.text = wanted
        return True
    if attribute is None:
        raise ModuleError("Get-AnsibleParam: Missing required argument: attribute")
    # PowerShell's -ne does not look at case.
    if node.get(attribute, "").lower() == wanted.lower() and attribute in node.attrib:
        return False
    node.set(attribute, wanted)
    return True
