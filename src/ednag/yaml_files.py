"""Strict reading of YAML: UTF-8, no repeated keys, plain decimals, nothing that grows when read.

PyYAML keeps the last of two equal keys. It reads YAML 1.1, where 010 is 8, 1:30 is 90 and 1_000 is
1000.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from ednag.errors import EdnagError
from ednag.files import read_text

#: Bytes of a file. The largest of this project has 73 kB.
_LARGEST = 1_000_000
#: Characters of all values once every alias is replaced by what it stands for; without aliases a
#: file of `_LARGEST` bytes has fewer.
_LARGEST_EXPANDED = 2 * _LARGEST
_DEEPEST = 50

#: A number as JSON has it, or with a sign or a bare point, of up to 300 digits.
_PLAIN = re.compile(r"[-+]?(0|[1-9][0-9]{,299})(\.[0-9]{,299})?([eE][-+]?[0-9]{1,3})?")
#: Characters of a number in a message.
_LONGEST = 30


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML that refuses repeated keys."""


def _fault(problem: str, mark: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def _mapping_without_repeats(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    first: dict[Any, yaml.Node] = {}
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node, deep=True)
        if first.setdefault(key, key_node) is not key_node:
            line = first[key].start_mark.line + 1
            problem = f"key {key!r} is given twice, first in line {line}; keep one"
            raise _fault(problem, key_node.start_mark)
    return dict(yaml.SafeLoader.construct_mapping(loader, node, deep=True))


def _plain_number(loader: Any, node: yaml.ScalarNode) -> int | float:
    if not _PLAIN.fullmatch(node.value):
        written = node.value if len(node.value) <= _LONGEST else f"{node.value[:_LONGEST]}..."
        raise _fault(
            f"{written} is no plain decimal number; write it as 7, -7, 0.7 or 1.0e-3 without "
            "leading zeros, or in quotes if it is text",
            node.start_mark,
        )
    is_whole = node.tag == "tag:yaml.org,2002:int"
    return int(node.value) if is_whole else float(node.value)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping_without_repeats)
for _kind in ("int", "float"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _plain_number)


def _refuse_bombs(text: str) -> None:
    """Raise YAMLError if values are nested too deeply or aliases expand too far.

    Reads events, of which the parser makes no values.
    """
    open_sizes = [0]  # characters so far of the document and of each open list or mapping
    open_anchors: list[str | None] = [None]
    anchored: dict[str | None, int] = {}
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            open_sizes.append(1)
            open_anchors.append(event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            size = open_sizes.pop()
            anchored[open_anchors.pop()] = size
            open_sizes[-1] += size
        elif isinstance(event, yaml.ScalarEvent):
            anchored[event.anchor] = 1 + len(event.value)
            open_sizes[-1] += anchored[event.anchor]
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor in open_anchors:
                raise _fault(f"the alias *{event.anchor} stands inside itself", event.start_mark)
            open_sizes[-1] += anchored.get(event.anchor, 0)
        if len(open_sizes) > _DEEPEST:
            raise _fault(f"values are nested more than {_DEEPEST} deep", event.start_mark)
        if open_sizes[-1] > _LARGEST_EXPANDED:
            raise _fault("its aliases expand to too many values; write them out", event.start_mark)


def read_yaml(path: Path) -> Any:
    """The content of the YAML file at `path`; None if it is empty.

    Raises:
        EdnagError: The file is not UTF-8, is not YAML, gives a key twice, has more than 1 MB, is
            nested more than 50 deep, or has aliases that expand too far; with the line.
    """
    text = read_text(path, _LARGEST)
    try:
        _refuse_bombs(text)
        return yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error) or type(error).__name__
        line = f":{mark.line + 1}" if mark else ""
        words = " ".join(str(problem).split())[:200]
        raise EdnagError(f"{path}{line}: not valid YAML: {words}") from error
