"""The methods of a study: names, or mappings that say what differs."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pydantic import Field, ValidationInfo, field_validator

from ednag.errors import EdnagError
from ednag.methods import METHODS, shared_method
from ednag.methods.instances import MethodDefinition, catalogue
from ednag.methods.interface import Method
from ednag.spaces import SPACES
from ednag.study.seeds import parse_seeds

#: Keys of earlier versions, which `methods` replaces.
OLD_KEYS = ("further_methods", "method_seeds", "hyperparameters")


class MethodInstance(MethodDefinition):
    """A method of a study: a name, or a mapping with what differs from the method `of`."""

    id: str = Field(
        pattern="^[a-z0-9][a-z0-9-]*$", description="Name in the configuration and in paths."
    )
    seeds: Any = Field(
        None,
        description="Those of the study's seeds that the method runs; by default all, of slow "
        "methods 0-9.",
    )
    spaces: tuple[str, ...] | None = Field(
        None, description="Search spaces in which it is run; by default all that it can search."
    )

    @field_validator("seeds")
    @classmethod
    def _seeds(cls, value: object, info: ValidationInfo) -> tuple[int, ...] | None:
        return value if value is None else parse_seeds(value, f"seeds of {info.data.get('id')}")

    def as_method(self) -> Method:
        """The method, with what this entry changes."""
        return self.method(self.id)

    def check(self) -> None:
        """Refuse an entry that contradicts the methods that all studies share.

        Raises:
            EdnagError: One line, without the place of the entry.
        """
        shared = self.id in METHODS or self.id in catalogue()
        if shared and self.of not in ("", self.id):
            raise EdnagError(
                f"{self.id!r} is another method; give the one of {self.of!r} its own id"
            )
        if not shared and not self.of and self.model_fields_set - {"id"}:
            raise EdnagError(
                f"no method is called {self.id!r}; add `of`, the method that it varies"
            )
        method = self.as_method()
        if "arithmetic" in self.hyperparameters and "arithmetic" in _keys(method):
            raise EdnagError(
                f"hyperparameters of {self.id}: the key `arithmetic` of the study sets it for all "
                "methods; name it there"
            )
        for space in self.spaces or ():
            if space in SPACES and not method.can_search(space):
                raise EdnagError(
                    f"method {self.id!r} cannot search {space}; it searches "
                    f"{', '.join(sorted(method.spaces or ()))}"
                )

    def is_run_in(self, space: str) -> bool:
        """Whether the study runs the method in a search space."""
        return self.as_method().can_search(space) and (self.spaces is None or space in self.spaces)

    def settings(self, arithmetic: str) -> dict[str, Any]:
        """The hyper-parameters that `ednag run` needs; `arithmetic` where the method has it."""
        method = self.as_method()
        of_study = {"arithmetic": arithmetic} if "arithmetic" in _keys(method) else {}
        return {**of_study, **method.settings}


def _keys(method: Method) -> Mapping[str, object]:
    return method.hyperparameters.model_fields


def named(entry: object) -> object:
    """An entry of `methods` as a mapping; a name is `{id: NAME}`."""
    return entry if isinstance(entry, Mapping) else {"id": entry}


def replacement(raw: Mapping[str, Any], methods: list[str], further: Mapping[str, Any]) -> str:
    """The list `methods`, in YAML, that says what a study with keys of earlier versions said.

    Args:
        raw: The study.
        methods, further: What `methods` and `further_methods` were by default.
    """
    entries = list(_entries(raw, methods, further))
    flow = yaml.safe_dump(entries, default_flow_style=True, sort_keys=False, width=10**9)
    return f"methods: {flow.strip()}"


def _entries(
    raw: Mapping[str, Any], methods: list[str], further: Mapping[str, Any]
) -> Iterator[str | dict[str, Any]]:
    everywhere = [entry for entry in raw.get("methods", methods) if isinstance(entry, str)]
    spaces: dict[str, list[str]] = {}
    for space, names in raw.get("further_methods", further).items():
        for name in names:
            spaces.setdefault(name, []).append(space)
    for name in dict.fromkeys([*everywhere, *spaces]):
        entry: dict[str, Any] = {"id": name}
        for key, old in (("hyperparameters", "hyperparameters"), ("seeds", "method_seeds")):
            if name in (raw.get(old) or {}):
                entry[key] = raw[old][name]
        own = shared_method(name)
        if name not in everywhere and set(own.spaces or SPACES) - set(spaces[name]):
            entry["spaces"] = spaces[name]
        if entry.get("seeds") is not None and str(entry["seeds"]) == own.seeds:
            del entry["seeds"]
        yield entry if len(entry) > 1 else name
