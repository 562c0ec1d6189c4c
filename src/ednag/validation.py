"""Validation of a mapping by a pydantic model, with errors of one line."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from ednag.errors import EdnagError, shown
from ednag.naming import suggestion

Model = TypeVar("Model", bound=BaseModel)

#: Words of pydantic, and what they are called in YAML.
_YAML_WORDS = {"valid array": "list", "an object": "a mapping", "valid integer": "whole number"}


class StrictModel(BaseModel):
    """A model that refuses unknown keys and whose values cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def read_model(model: type[Model], raw: Mapping[str, Any], place: str = "") -> Model:
    """`raw`, a mapping as YAML or JSON has it, as a `model`.

    Raises:
        EdnagError: One line with the place, what is wrong, and the allowed values.
    """
    if not isinstance(raw, Mapping):
        raise EdnagError(f"{place or 'configuration'}: a mapping is expected, not {raw!r}")
    try:
        return validated(model, raw)
    except ValidationError as error:
        raise EdnagError(_first_error(error, place, model)) from None


def validated(model: type[Model], raw: Mapping[str, Any]) -> Model:
    """`raw` as a `model`; each value must have the type that the model declares.

    A tuple may be a list and a float an integer; an integer may not be true, "7" or 7.0. Dates of
    YAML become text. Raises ValidationError, or EdnagError if `raw` cannot be written as JSON.
    """
    try:
        # As JSON, because only there pydantic's strict mode accepts lists as tuples.
        text = json.dumps(dict(raw), default=str)
    except (TypeError, ValueError) as error:
        raise EdnagError(f"not plain YAML: {error}; write keys as text") from None
    return model.model_validate_json(text, strict=True)


def validated_json(model: type[Model], content: bytes, path: Path, what: str) -> Model:
    """JSON of a file as a `model`; raises EdnagError with the first place that is not."""
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise EdnagError(f"{path}: not {what} ({place}: {first['msg']})") from None


def _first_error(error: ValidationError, place: str, model: type[BaseModel]) -> str:
    """The first of pydantic's errors as one line."""
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    where = place_of(first["loc"], place) or "configuration"
    if first["type"] == "extra_forbidden":
        keys = _model_at(model, path[:-1]).model_fields
        return f"{where}: unknown key {path[-1]!r}{suggestion(path[-1], keys)}"
    message = first["msg"].removeprefix("Value error, ")
    for formal, plain in _YAML_WORDS.items():
        message = message.replace(formal, plain)
    return f"{where}: {message[0].lower()}{message[1:]}{_not_this(first['input'])}"


def place_of(path: Iterable[str | int], place: str = "") -> str:
    """A path of keys and positions below a place, such as `methods[0].id`."""
    for part in path:
        place += f"[{part}]" if isinstance(part, int) else f"{'.' if place else ''}{part}"
    return place


def _model_at(model: type[BaseModel], path: list[str]) -> type[BaseModel]:
    """The model of what stands at a path of keys and positions."""
    for part in path:
        if part in model.model_fields:
            annotation = model.model_fields[part].annotation
            for kind in (annotation, *get_args(annotation)):
                if isinstance(kind, type) and issubclass(kind, BaseModel):
                    model = kind
    return model


def _not_this(value: object) -> str:
    """The wrong value; explains values that YAML reads in an unexpected way."""
    if isinstance(value, dict):
        return ""
    if isinstance(value, bool):
        return f", not {str(value).lower()} (YAML reads yes and on as true, no and off as false)"
    if isinstance(value, str) and re.fullmatch(r"[-+\d.]+[eE][-+]?\d+", value):
        return f", not the text {shown(value)} (YAML reads a power of ten only as in 1.0e-3)"
    return f", not {shown(value)}"
