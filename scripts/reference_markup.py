# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's documentation markup, such as V(present) and M(ansible.windows.win_ping), as Markdown."""

from __future__ import annotations

import collections.abc as c
import typing as t

from antsibull_docs_parser import dom, parser

# The page of a plugin or role, by type and full name; None when we have none of it.
Pages = c.Callable[[str, str], "str | None"]


class MarkupError(Exception):
    """A documentation block has markup that Ansible would not understand."""


class Renderer:
    """Renders the markup of one page."""

    def __init__(self, name: str, kind: str, pages: Pages, entry_point: str | None = None) -> None:
        """Render for a plugin or an entry point of a role; ``pages`` finds the pages of others."""
        plugin = dom.PluginIdentifier(fqcn=name, type=kind)
        self._context = parser.Context(current_plugin=plugin, role_entrypoint=entry_point)
        self._pages = pages

    def paragraphs(self, texts: str | c.Sequence[str] | None) -> list[str]:
        """Return one line of Markdown for each paragraph."""
        given = [texts] if isinstance(texts, str) else list(texts or ())
        if wrong := [text for text in given if not isinstance(text, str)]:
            raise MarkupError(f"{self._where()}: not a text, quote it in the YAML: {wrong[0]!r}")
        try:
            parsed = parser.parse(given, self._context, errors="exception")
        except ValueError as exc:
            raise MarkupError(f"{self._where()}: {exc}") from exc
        return [" ".join("".join(map(self._part, paragraph)).split()) for paragraph in parsed]

    def cell(self, texts: str | c.Sequence[str] | None) -> str:
        """Return all paragraphs in one line, for a cell of a table."""
        return " ".join(self.paragraphs(texts)).replace("|", "\\|")

    def _part(self, part: t.Any) -> str:
        match part:
            case dom.TextPart():
                return str(part.text)
            case dom.BoldPart() | dom.ItalicPart():
                return f"*{part.text}*"
            case dom.CodePart():
                return code(part.text)
            case dom.OptionValuePart():
                return code(part.value)
            case dom.EnvVariablePart():
                return code(part.name)
            case dom.OptionNamePart() | dom.ReturnValuePart():
                return self._value(part)
            case dom.ModulePart():
                return self._link(part.fqcn, "module")
            case dom.PluginPart():
                return self._link(part.plugin.fqcn, part.plugin.type)
            case dom.URLPart():
                return f"<{part.url}>"
            case dom.LinkPart():
                return f"[{part.text}]({part.url})"
        raise MarkupError(f"{self._where()}: the pages cannot show {part}")

    def _value(self, part: t.Any) -> str:
        """Return an option or return value; one of another plugin leads to its page."""
        text = code(part.name if part.value is None else f"{part.name}={part.value}")
        if part.plugin in (None, self._context.current_plugin):
            return text
        return f"{text} of {self._link(part.plugin.fqcn, part.plugin.type)}"

    def _where(self) -> str:
        plugin, entry_point = self._context.current_plugin, self._context.role_entrypoint
        return f"{plugin.type} {plugin.fqcn}{f' ({entry_point})' if entry_point else ''}"

    def _link(self, name: str, kind: str) -> str:
        page = self._pages(kind, name)
        return f"[{code(name)}]({page})" if page else code(name)


def code(text: str) -> str:
    """Return text as code, also when it has backquotes itself."""
    fence = "``" if "`" in text else "`"
    padding = " " if "`" in text else ""
    return f"{fence}{padding}{text}{padding}{fence}"
