# SPDX-License-Identifier: GPL-3.0-or-later
"""Change XML files: elements, attributes and texts, and counting."""

from __future__ import annotations

import copy
import itertools
from xml.etree import ElementTree

from lab.windows.errors import UnsupportedError
from lab.windows.iis import to_text
from lab.windows.machine import Machine
from lab.windows.modules._xml_compare import children, difference
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result
from lab.windows.modules.win_copy import backup

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
    if params["state"] != "present" and kind != "element":
        raise UnsupportedError(f"win_xml: type {kind} with state {params['state']}")
    result["msg"] = "not changed"
    changed = _apply(root, nodes, params, context, result)
    if not changed:
        return result
    if context.check_mode:
        return result | {"changed": True, "msg": result["msg"] + " check mode"}
    if params["backup"]:
        result["backup_file"] = backup(machine, path, context)
    machine.files.write(path, to_text(root))
    done = "changed" if params["state"] == "present" else "removed"
    return result | {"changed": True, "msg": f"{kind} {done}"}


Nodes = list[ElementTree.Element]


def _apply(root: ElementTree.Element, nodes: Nodes, params: Params, context: ModuleContext, result: Result) -> bool:
    kind, fragment = params["type"], params["fragment"] or ""
    if kind != "element":
        changes = [_change(node, kind, params["attribute"], fragment) for node in nodes]
        return any(changes)
    if params["state"] == "present":
        return _add(root, nodes, fragment, context, result)
    if context.verbosity > 2:
        result["removed"] = ", ".join(ElementTree.tostring(node, encoding="unicode").strip() for node in nodes)
    if root in nodes:
        raise UnsupportedError("win_xml: the removal of the document's own element")
    # In check mode the module says that nothing changes, whatever it would remove.
    return not context.check_mode and _remove(root, nodes)


def _remove(root: ElementTree.Element, nodes: Nodes) -> bool:
    for parent in list(root.iter()):
        for child in [one for one in parent if one in nodes]:
            parent.remove(child)
    return True


def _add(root: ElementTree.Element, nodes: Nodes, fragment: str, context: ModuleContext, result: Result) -> bool:
    """Append the fragment to each node that has nothing like it; says whether the last node was changed."""
    try:
        candidate = ElementTree.fromstring(fragment)  # noqa: S314 - the lab's own guest
    except ElementTree.ParseError as exc:
        raise ModuleError(f"Failed to parse fragment as XML: {exc}") from exc
    namespace = root.tag.rpartition("}")[0]
    for element in candidate.iter() if namespace else ():
        element.tag = f"{namespace}}}{element.tag.rpartition('}')[2]}"
    changed = False
    for node in nodes:
        reasons = [difference(candidate, one) for one in children(node) or [node]]
        changed = all(reasons)
        if context.verbosity > 2:
            told = list(itertools.takewhile(bool, reasons))  # it stops at the first that is alike
            result["err"] = [f"System.Management.Automation.RuntimeException: {reason}" for reason in told]
        if changed:
            node.append(copy.deepcopy(candidate))
            result["msg"] += "xml added "
    return changed


def _select(root: ElementTree.Element, xpath: str) -> Nodes:
    """Give the elements that an XPath selects. ElementTree knows paths and simple predicates; more is refused."""
    document = ElementTree.Element("document")
    document.append(root)
    if not xpath.startswith("/"):
        raise UnsupportedError(f"win_xml: the relative XPath {xpath}")
    try:
        return document.findall(f".{xpath.replace('/descendant::', '//')}")
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
