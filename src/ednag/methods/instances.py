"""Instances: methods that are another method with its own id and settings.

The catalogue, a YAML file beside this module, holds the instances that studies share. The option
`ednag --methods` defines others for one process.
"""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, field_validator

from ednag.errors import EdnagError
from ednag.methods import METHODS, shared_method
from ednag.methods.interface import Method
from ednag.own_code import is_reference
from ednag.text_files import json_value
from ednag.validation import StrictModel, read_model


def plain_title(title: str) -> str:
    """A title that figures, tables and pages show as it is; raises ValueError for another."""
    if not re.fullmatch(r"([^\W_][^\x00-\x1f$\\|{}]*)?", title):
        raise ValueError("must begin with a letter or digit, without $, \\, |, { and }")
    return title


class MethodDefinition(StrictModel):
    """A method by another one and what differs from it."""

    of: str = Field(
        "",
        description="Method that is run, by its id or, if it is of your own code, as "
        "module:attribute; by default the one with the same id.",
    )
    title: str = Field(
        "",
        max_length=60,
        description="Name in tables and figures, by default the id: text that begins with a letter "
        "or digit, without $, \\, |, { and }.",
    )
    description: str = Field("", description="One sentence.")
    hyperparameters: dict[str, Any] = Field(
        {}, description="Hyper-parameters that differ from the method's."
    )
    tuned_on: tuple[str, ...] = Field(
        (),
        description="Where these were chosen by results, each SPACE or SPACE/DATASET, besides "
        "where the method's own were. There the method is not ranked among others.",
    )

    _shown_as_it_is = field_validator("title")(plain_title)

    def method(self, name: str) -> Method:
        """The method that is defined under the id `name`; raises EdnagError if this is wrong."""
        base = shared_method(self.of or name)
        if is_reference(self.of):
            base = replace(base, name=name)  # itself under this id, no variant of another
        method = base.instance(
            name, self.title, self.description, self.hyperparameters, self.tuned_on
        )
        if self.hyperparameters:
            method.read_hyperparameters({})
        return method


def check_method(method: Method, place: str) -> Method:
    """A method of the user's; raises EdnagError if its fields are not those of a method."""
    model = method.hyperparameters
    if not (isinstance(model, type) and issubclass(model, BaseModel) and callable(method.search)):
        raise EdnagError(
            f"{place}: search must be a function and hyperparameters a class of pydantic's models, "
            "such as NoHyperparameters (docs/own-method.md)"
        )
    read_model(MethodDefinition, {"title": method.title, "description": method.description}, place)
    return method


#: id -> definition: what `ednag --methods` defines in this process.
defined: dict[str, MethodDefinition] = {}


def define_methods(text: str) -> None:
    """Let `get_method` know the methods of a JSON text, and no longer those of an earlier call.

    The text is that of `study_instances`: `{"ID": {"of": "ID", "title": "..."}}`; "" for none.

    Raises:
        EdnagError: The text is not such JSON, or a definition is wrong.
    """
    defined.clear()
    defined.update(_definitions(json_value(text or "{}", "--methods"), "--methods"))
    for name, definition in defined.items():
        definition.method(name)


@cache
def catalogue() -> dict[str, MethodDefinition]:
    """id -> definition of the instances that studies share, in the order of their list."""
    from ednag.yaml_files import read_yaml  # here: a job of the workflow reads no YAML

    # The file has this module's name and is not named here: a file that a module names is part of
    # the code of every job that can import the module (`ednag.study.digests`). A job of the
    # workflow gets its definitions by `--methods` and does not open the catalogue.
    return _definitions(read_yaml(Path(__file__).with_suffix(".yaml")), "catalogue of methods")


def method_names() -> tuple[str, ...]:
    """Ids of all methods that studies share: METHODS, then the catalogue."""
    return (*METHODS, *catalogue())


def _definitions(entries: object, place: str) -> dict[str, MethodDefinition]:
    if not isinstance(entries, dict):
        raise EdnagError(f"{place}: a mapping of ids to definitions is expected, not {entries!r}")
    return {
        name: read_model(MethodDefinition, entry, f"{place}: {name}")
        for name, entry in entries.items()
    }
