"""Strict reading of YAML files: UTF-8, no repeated keys; PyYAML keeps the last of two."""

from pathlib import Path
from typing import Any

import yaml

from ednag.errors import EdnagError


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML that refuses repeated keys."""


def _mapping_without_repeats(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    own = [key for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
    keys = [loader.construct_object(key, deep=True) for key in own]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            first = own[keys.index(key)].start_mark.line + 1
            raise yaml.constructor.ConstructorError(
                None,
                None,
                f"key {key!r} is given twice, first in line {first}; keep one",
                own[place].start_mark,
            )
    return dict(yaml.SafeLoader.construct_mapping(loader, node, deep=True))


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping_without_repeats)


def read_yaml(path: Path) -> Any:
    """The content of the YAML file at `path`; None if it is empty.

    Raises:
        EdnagError: The file is not UTF-8, is not YAML, or gives a key twice; with the line.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except UnicodeDecodeError as error:
        raise EdnagError(
            f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8"
        ) from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error) or type(error).__name__
        line = f":{mark.line + 1}" if mark else ""
        words = " ".join(str(problem).split())[:200]
        raise EdnagError(f"{path}{line}: not valid YAML: {words}") from error
