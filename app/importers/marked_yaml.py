"""YAML as editors mean it, with the line of every value."""

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


class _Loader(yaml.SafeLoader):
    """Text stays text: `NO` is Norway, `2024-04-19` is written as it stands, only true and false are truths."""


_KEPT = {"tag:yaml.org,2002:int": "-0123456789", "tag:yaml.org,2002:float": "-.0123456789"}
_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("bool", r"^(?:true|false)$", ["t", "f"]),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
    ("float", r"^-?(?:0|[1-9][0-9]*)\.[0-9]+$", list("-0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", yaml.reader.re.compile(_pattern), _first)  # type: ignore[attr-defined]


def load(text: str) -> Marked:
    """The one document in `text`; YamlError when it is none, or when a key is given twice."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        lines: dict[Path, int] = {(): 1}
        value = _build(loader, node, (), lines) if node else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(mark.line + 1 if mark else 1, error.problem or "is not YAML") from None
    except yaml.YAMLError as error:
        raise YamlError(1, str(error)) from None
    finally:
        loader.dispose()
    return Marked(value, lines)


def _build(loader: _Loader, node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, item, (*path, n), lines) for n, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node)
    found: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise YamlError(line, "a key must be a plain word")
        if key.value in found:
            raise YamlError(line, f"{key.value!r} is given twice")
        lines[(*path, key.value)] = line
        found[key.value] = _build(loader, value, (*path, key.value), lines)
    return found
