# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reference page says: one Markdown page for a plugin or role, from what ansible-doc says of it."""

from __future__ import annotations

import collections.abc as c
import json
import typing as t

from scripts.reference_markup import Pages, Renderer, code

GENERATED = "<!-- Generated from the documentation by `make docs`. Change that instead. -->"
TITLES = {
    "module": "Modules",
    "inventory": "Inventory plugins",
    "lookup": "Lookup plugins",
    "callback": "Callback plugins",
    "filter": "Filters",
    "role": "Roles",
}
# What says where else an option's value may come from, with the key that names the place.
_SOURCES = {"env": "name", "vars": "name"}

Fields = dict[str, t.Any]


class Subject(t.NamedTuple):
    """A plugin or role, and what ansible-doc says of it."""

    kind: str
    name: str
    documentation: Fields

    @property
    def file(self) -> str:
        """Return the name of its page."""
        return f"{self.kind}_{self.name.rpartition('.')[2]}.md"

    @property
    def summary(self) -> str:
        """Return its one line."""
        if self.kind == "role":
            return str(self.documentation["entry_points"]["main"]["short_description"])
        return str(self.documentation["doc"]["short_description"])


def index(subjects: c.Sequence[Subject], kinds: c.Sequence[str]) -> str:
    """Return the page that leads to all others, by kind."""
    lines = ["# Reference", "", GENERATED, ""]
    lines += ["The same as `ansible-doc` says, for example `ansible-doc -t inventory golden.windows_ami.fleet`.", ""]
    for kind in kinds:
        rows = [
            f"| [`{subject.name.rpartition('.')[2]}`]({subject.file}) | {subject.summary} |"
            for subject in subjects
            if subject.kind == kind
        ]
        if rows:
            lines += [f"## {TITLES[kind]}", "", "| | |", "|---|---|", *rows, ""]
    return _text(lines)


def page(subject: Subject, pages: Pages) -> str:
    """Return the page of a plugin or role."""
    kind = TITLES[subject.kind].lower().removesuffix("s")
    lines = [f"# {subject.name} ({kind})", "", GENERATED, ""]
    if subject.kind == "role":
        for entry, fields in sorted(subject.documentation["entry_points"].items()):
            lines += _entry_point(entry, fields, Renderer(subject.name, subject.kind, pages, entry))
    else:
        lines += _plugin(subject.documentation, Renderer(subject.name, subject.kind, pages))
    return _text(lines)


def _plugin(documentation: Fields, renderer: Renderer) -> list[str]:
    doc = documentation["doc"]
    lines = [f"**{renderer.cell(doc['short_description'])}**", "", *_list(doc["description"], renderer)]
    if positional := doc.get("positional"):
        names = positional if isinstance(positional, list) else [name.strip() for name in positional.split(",")]
        lines += [f"May be given by position: {', '.join(map(code, names))}.", ""]
    lines += _section("Requirements", _list(doc.get("requirements"), renderer))
    lines += _section("Options", _options(doc.get("options") or {}, "suboptions", renderer))
    lines += _section("Attributes", _attributes(doc.get("attributes") or {}, renderer))
    lines += _section("Notes", _list(doc.get("notes"), renderer))
    lines += _section("See also", _see_also(doc.get("seealso") or [], renderer))
    lines += _section("Examples", ["```yaml", (documentation.get("examples") or "").strip(), "```", ""])
    lines += _section("Returns", _returns(documentation.get("return") or {}, renderer))
    return lines


def _entry_point(name: str, fields: Fields, renderer: Renderer) -> list[str]:
    lines = [f"## Entry point `{name}`", "", f"**{renderer.cell(fields['short_description'])}**", ""]
    lines += _list(fields.get("description"), renderer)
    return [*lines, *_options(fields.get("options") or {}, "options", renderer)]


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"## {title}", "", *lines] if any(lines) else []


def _list(texts: str | list[str] | None, renderer: Renderer) -> list[str]:
    paragraphs = renderer.paragraphs(texts)
    return [*(f"- {paragraph}" for paragraph in paragraphs), ""] if paragraphs else []


def _options(options: Fields, nested: str, renderer: Renderer) -> list[str]:
    """Return a table of options, and one more for each option that has keys."""
    if not options:
        return []
    lines = ["| Option | Type | Default | |", "|---|---|---|---|"]
    lines += [f"| {code(name)} | {_type(f)} | {_default(f)} | {_about(f, renderer)} |" for name, f in options.items()]
    lines.append("")
    for name, fields in _with_keys(options, nested):
        each = "Each item of" if fields.get("type") == "list" else "Keys of"
        lines += [f"{each} {code(name)}:", "", "| Key | Type | Default | |", "|---|---|---|---|"]
        lines += [
            f"| {code(key)} | {_type(f)} | {_default(f)} | {_about(f, renderer)} |" for key, f in fields[nested].items()
        ]
        lines.append("")
    return lines


def _with_keys(options: Fields, nested: str, prefix: str = "") -> t.Iterator[tuple[str, Fields]]:
    for name, fields in options.items():
        if fields.get(nested):
            yield f"{prefix}{name}", fields
            yield from _with_keys(fields[nested], nested, f"{prefix}{name}.")


def _type(fields: Fields) -> str:
    kind, elements = fields.get("type", "str"), fields.get("elements")
    return f"{kind} of {elements}" if elements else str(kind)


def _default(fields: Fields) -> str:
    if fields.get("required"):
        return "required"
    default = fields.get("default")
    if default is None:
        return ""
    shown = default if isinstance(default, str) and default else json.dumps(default, ensure_ascii=False)
    return code(shown).replace("|", "\\|")


def _about(fields: Fields, renderer: Renderer) -> str:
    """Return the description of an option or value, with what else a reader has to know."""
    sentences = [renderer.cell(fields.get("description"))]
    if choices := fields.get("choices"):
        sentences.append(f"One of {', '.join(code(str(choice)) if choice != '' else 'empty' for choice in choices)}.")
    if fields.get("aliases"):
        sentences.append(f"Also called {', '.join(map(code, fields['aliases']))}.")
    if fields.get("no_log"):
        sentences.append("Secret: never shown.")
    for source, key in _SOURCES.items():
        if names := [code(place[key]) for place in fields.get(source) or ()]:
            what = "Environment" if source == "env" else "Variable"
            sentences.append(f"{what}: {', '.join(names)}.")
    for place in fields.get("ini") or ():
        sentences.append(f"In `ansible.cfg`: `{place['key']}` in `[{place['section']}]`.")
    return " ".join(sentence for sentence in sentences if sentence)


def _attributes(attributes: Fields, renderer: Renderer) -> list[str]:
    if not attributes:
        return []
    lines = ["| Attribute | Support | |", "|---|---|---|"]
    for name, fields in sorted(attributes.items()):
        support = f"{fields['support']} ({fields['platforms']})" if fields.get("platforms") else fields["support"]
        about = [*renderer.paragraphs(fields.get("description")), *renderer.paragraphs(fields.get("details"))]
        lines.append(f"| {code(name)} | {support} | {' '.join(about)} |")
    return [*lines, ""]


def _see_also(items: list[Fields], renderer: Renderer) -> list[str]:
    lines = []
    for item in items:
        if "module" in item:
            text = f"M({item['module']})"
        elif "plugin" in item:
            text = f"P({item['plugin']}#{item['plugin_type']})"
        else:
            text = f"L({item['name']},{item['link']})"
        about = renderer.cell(item.get("description"))
        lines.append(f"- {renderer.cell(text)}{f': {about}' if about else ''}")
    return [*lines, ""] if lines else []


def _returns(values: Fields, renderer: Renderer) -> list[str]:
    """Return a table of return values; those inside others have dotted names."""
    if not values:
        return []
    lines = ["| Value | Type | Returned | |", "|---|---|---|---|"]
    for name, fields in _flat(values):
        sample = fields.get("sample")
        about = renderer.cell(fields.get("description"))
        if sample not in (None, ""):
            shown = sample if isinstance(sample, str) else json.dumps(sample, ensure_ascii=False)
            about += f" Example: {code(shown)}".replace("|", "\\|")
        lines.append(f"| {code(name)} | {_type(fields)} | {renderer.cell(fields.get('returned'))} | {about} |")
    return [*lines, ""]


def _flat(values: Fields, prefix: str = "") -> t.Iterator[tuple[str, Fields]]:
    for name, fields in values.items():
        yield f"{prefix}{name}", fields
        yield from _flat(fields.get("contains") or {}, f"{prefix}{name}.")


def _text(lines: c.Sequence[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"
