# SPDX-License-Identifier: GPL-3.0-or-later
"""How win_xml compares elements: names and values without case, attributes and children in their order."""

from __future__ import annotations

from xml.etree.ElementTree import Element


def difference(one: Element | str, other: Element | str) -> str:
    """Give the module's text for the first difference between two elements or texts; empty when there is none."""
    name = _name(one)
    if name.lower() != _name(other).lower():
        return f"Actual name not same as expected: actual={name}, expected={_name(other)}"
    if isinstance(one, str) or isinstance(other, str):
        return "" if str(one).lower() == str(other).lower() else f"inner text mismatch for actual={name}"
    return _attributes(one, other, name) or _below(one, other, name)


def children(element: Element) -> list[Element | str]:
    """Give elements and texts in order; white space between elements is no text."""
    parts: list[Element | str] = [element.text or ""]
    for child in element:
        parts += [child, child.tail or ""]
    return [part for part in parts if not isinstance(part, str) or part.strip()]


def _name(part: Element | str) -> str:
    return "#text" if isinstance(part, str) else part.tag.rpartition("}")[2]


def _attributes(one: Element, other: Element, name: str) -> str:
    left, right = list(one.attrib.items()), list(other.attrib.items())
    if bool(left) != bool(right):
        return f"attribute presence mismatch for actual={name}"
    if len(left) != len(right):
        return f"attribute mismatch for actual={name}"
    for (key, value), (other_key, other_value) in zip(left, right, strict=True):
        if key.lower() != other_key.lower():
            return f"attribute name mismatch for actual={name}"
        if value.lower() != other_value.lower():
            return f"attribute value mismatch for actual={name}"
    return ""


def _below(one: Element, other: Element, name: str) -> str:
    left, right = children(one), children(other)
    if len(left) != len(right):
        return f"child node mismatch. for actual={name}"
    return next(filter(None, map(difference, left, right)), "")
