"""The methods of a study: names, or mappings that say what differs."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import yaml
from pydantic import Field, ValidationInfo, field_serializer, field_validator

from ednag.errors import EdnagError
from ednag.methods import METHODS, shared_method
from ednag.methods.instances import MethodDefinition, catalogue
from ednag.methods.interface import Method
from ednag.naming import suggestion
from ednag.own_code import installed, is_reference
from ednag.spaces import SPACES, is_space
from ednag.study.seeds import format_seeds, parse_seeds
from ednag.tables import check_named, further_table, has_epochs, is_predicted, is_table
from ednag.tables.costs import cost_tables

#: Keys of earlier versions, which `methods` replaces.
_OLD_KEYS = ("further_methods", "method_seeds", "hyperparameters")
#: Methods that studies of earlier versions ran by default on nasbench201, besides `methods`.
_SLOW = ("nar", "ednag-ranked")


class MethodInstance(MethodDefinition):
    """A method of a study: a name, or a mapping with what differs from the method `of`."""

    id: str = Field(
        pattern="^[a-z0-9][a-z0-9-]*$",
        max_length=60,
        description="Name in the configuration and in paths.",
    )
    seeds: Any = Field(
        None,
        description="Those of the study's seeds that the method runs; by default all, of slow "
        "methods 0-9.",
    )
    spaces: tuple[str, ...] | None = Field(
        None, description="Search spaces in which it is run; by default all that it can search."
    )
    datasets: tuple[str, ...] | None = Field(
        None, description="Datasets of these spaces on which it is run; by default all."
    )

    @field_validator("seeds")
    @classmethod
    def _seeds(cls, value: object, info: ValidationInfo) -> tuple[int, ...] | None:
        return value if value is None else parse_seeds(value, f"seeds of {info.data.get('id')}")

    @field_serializer("seeds")
    def _as_ranges(self, seeds: tuple[int, ...] | None) -> list[str] | None:
        return None if seeds is None else format_seeds(seeds).split(",")

    @cached_property
    def as_method(self) -> Method:
        """The method, with what this entry changes."""
        return self.method(self.id)

    def check(self) -> None:
        """Raise EdnagError if the entry contradicts the methods that all studies share."""
        shared = self.id in METHODS or self.id in catalogue()
        if shared and self.of not in ("", self.id):
            raise EdnagError(
                f"{self.id!r} is another method; give the one of {self.of!r} its own id"
            )
        known = shared or self.of or self.id in installed("methods")
        if not known and self.model_fields_set - {"id"}:
            raise EdnagError(
                f"no method is called {self.id!r}; add `of`, the method that it varies"
            )
        method = self.as_method
        if "arithmetic" in self.hyperparameters and "arithmetic" in _keys(method):
            raise EdnagError(
                f"hyperparameters of {self.id}: the key `arithmetic` of the study sets it for all "
                "methods; name it there"
            )
        check_named(self.tuned_on)
        for space in self.spaces or ():
            if is_space(space):
                method.check_space(space)

    def is_run_in(self, space: str) -> bool:
        """Whether the study runs the method in a search space."""
        return (
            self.as_method.can_search(space)
            and (self.spaces is None or space in self.spaces)
            and (self.datasets is None or any(is_table(space, name) for name in self.datasets))
        )

    def is_run_on(self, space: str, dataset: str) -> bool:
        """Whether the study runs the method on a dataset: not all have what each method needs."""
        return self.is_run_in(space) and not self.hindrance(space, dataset)

    def hindrance(self, space: str, dataset: str) -> str:
        """Why the method is not run on a dataset of a space that it is run in; "" if it is."""
        method = self.as_method
        if self.datasets is not None and dataset not in self.datasets:
            return f"its datasets are {', '.join(self.datasets)}"
        if method.measured_only and is_predicted(space, dataset):
            return "the values are predicted"
        if method.further and self.table_read(space, dataset) is None:
            if self.cost:
                known = cost_tables(space, dataset)
                return f"unknown cost {self.cost!r}{suggestion(self.cost, known)}"
            return f"there is no table {method.further} beside it"
        if method.epochs and not has_epochs(space, dataset):
            return "there are no accuracies after fewer epochs"
        return ""

    def table_read(self, space: str, dataset: str) -> str | None:
        """The table with what the method reads besides scores, maybe the dataset's own; or None."""
        kind = self.as_method.further
        if self.cost:
            return cost_tables(space, dataset).get(self.cost)
        return further_table(space, dataset, kind) if kind else None

    def further_on(self, space: str, dataset: str) -> str | None:
        """The name of the further table that the method reads on a dataset; None for none."""
        name = self.table_read(space, dataset)
        return None if name == dataset else name

    @cached_property
    def cost(self) -> str:
        """The method's second objective; "" for none."""
        return self.as_method.cost(self.as_method.read_hyperparameters({}))

    def settings(self, arithmetic: str) -> dict[str, Any]:
        """The hyper-parameters that `ednag run` needs; `arithmetic` where the method has it."""
        method = self.as_method
        of_study = {"arithmetic": arithmetic} if "arithmetic" in _keys(method) else {}
        return {**of_study, **method.settings}


def _keys(method: Method) -> Mapping[str, object]:
    return method.hyperparameters.model_fields


def named(entry: Any) -> dict[str, Any]:
    """An entry of `methods` as a mapping; a name is `{id: NAME}`."""
    if isinstance(entry, str) and is_reference(entry):
        raise EdnagError(f'methods: give {entry} an id: {{id: my-method, of: "{entry}"}}')
    return dict(entry) if isinstance(entry, Mapping) else {"id": entry}


def refuse_old_keys(raw: Mapping[str, Any]) -> None:
    """Raise EdnagError on keys of earlier versions, with the list `methods` that says the same."""
    keys = [key for key in _OLD_KEYS if key in raw]
    if not keys:
        return
    message = f"{', '.join(keys)}: replaced by entries of `methods`"
    try:
        entries = [entry if len(entry) > 1 else entry["id"] for entry in _entries(raw)]
    except (EdnagError, AttributeError, TypeError, ValueError, KeyError):  # wrong values as well
        example = "{id: ednag, hyperparameters: {num_step: 50}, seeds: 0-9}"
        raise EdnagError(f"{message}, such as {example}") from None
    flow = yaml.safe_dump(entries, default_flow_style=True, sort_keys=False, width=10**9)
    raise EdnagError(f"{message}; write instead: methods: {flow.strip()}")


def _entries(raw: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Entries of `methods` for a study with keys of earlier versions."""
    listed = raw.get("methods", ["ednag", "random"])
    entries = {named(entry)["id"]: named(entry) for entry in listed}
    # These were run unless the study said otherwise; a list with mappings is of this version.
    further = {} if any(isinstance(e, Mapping) for e in listed) else {"nasbench201": _SLOW}
    for space, names in raw.get("further_methods", further).items():
        for name in names:
            entry = entries.setdefault(name, {"id": name, "spaces": []})
            if "spaces" in entry:
                entry["spaces"] = [*entry["spaces"], space]
    hyperparameters, seeds = raw.get("hyperparameters", {}), raw.get("method_seeds", {})
    for name, entry in entries.items():
        method = shared_method(entry.get("of", name))
        if name in hyperparameters:
            own = entry.get("hyperparameters", {})
            entry["hyperparameters"] = {**own, **hyperparameters[name]}
        if name in seeds and str(seeds[name]) != method.seeds:
            entry["seeds"] = seeds[name]
        if set(entry.get("spaces", ())) >= set(method.spaces or SPACES):
            del entry["spaces"]
        yield entry
