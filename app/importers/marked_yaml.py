"""YAML as editors mean it, with the line of every value."""

import re
from dataclasses import dataclass
from typing import Any

import yaml

Path = tuple[str | int, ...]


class YamlError(ValueError):
    """A file that is not YAML; `line` is 1-based."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


@dataclass(frozen=True, slots=True)
class Marked:
    """A YAML document's value, and the line on which each part of it begins."""

    value: Any
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """The line of the nearest part at or above `path`."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]


_DEEPEST = 50
_TAG = "tag:yaml.org,2002:"


class _Loader(yaml.SafeLoader):
    """Text stays text: `NO` is Norway, `2024-04-19` is written as it stands, only true and false are truths."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (as the base class has it)
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            raise YamlError(line, "aliases are not read; write the value again")
        if self.depth >= _DEEPEST:
            raise YamlError(line, f"is nested more than {_DEEPEST} levels deep")
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


for _kind, _pattern, _first in (
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("bool", r"^(?:true|false)$", ["t", "f"]),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
    ("float", r"^-?(?:0|[1-9][0-9]*)\.[0-9]+$", list("-0123456789")),
):
    _Loader.add_implicit_resolver(_TAG + _kind, re.compile(_pattern), _first)


def load(text: str) -> Marked:
    """The one document in `text`; YamlError when it is none, or when a key is given twice."""
    lines: dict[Path, int] = {(): 1}
    try:
        node = _Loader(text).get_single_node()
        value = _build(node, (), lines) if node else None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(line, f"holds a character that YAML does not allow: {error.reason}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(mark.line + 1 if mark else 1, error.problem or "is not YAML") from None
    return Marked(value, lines)


def _build(node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:
    line = lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
        return [_build(item, (*path, n), lines) for n, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
        return _build_mapping(node, path, lines)
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node, line)
    raise YamlError(line, f"has the tag {node.tag!r}; tags are not read")


def _build_mapping(node: yaml.MappingNode, path: Path, lines: dict[Path, int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise YamlError(line, "a key must be a plain word")
        if key.value in found:
            raise YamlError(line, f"{key.value!r} is given twice")
        lines[(*path, key.value)] = line
        found[key.value] = _build(value, (*path, key.value), lines)
    return found


def _scalar(node: yaml.ScalarNode, line: int) -> Any:
    try:
        match node.tag.removeprefix(_TAG):
            case "str":
                return node.value
            case "null":
                return None
            case "bool":
                return {"true": True, "false": False}[node.value]
            case "int":
                return int(node.value)
            case "float":
                return float(node.value)
    except (ValueError, KeyError):
        raise YamlError(line, f"{node.value[:40]!r} is not what its tag says, or too long") from None
    raise YamlError(line, f"has the tag {node.tag!r}; tags are not read")
