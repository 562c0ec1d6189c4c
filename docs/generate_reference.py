"""Write the generated pages of docs/reference: the configuration's keys, methods, commands, paths.

Called by `make reference`; tests/docs/test_reference.py holds the pages to what this gives.
"""

import csv
import importlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

FOLDER = Path(__file__).resolve().parent / "reference"
ROOT = FOLDER.parents[1]
_NOTE = "<!-- Made by `make reference`. Do not edit. -->\n\n"

_CONFIGURATION = """# Configuration

A study is one YAML file. Every key is optional: what a file leaves out has the default given here.
The same is in [config/schema.json](../../config/schema.json), which editors understand
(`ednag config schema`); `ednag config check my-study.yaml` checks a file. An unknown name is
refused with the closest valid one.
"""

_COMMANDS = """# Commands

Every step of the workflow is a subcommand of `ednag` that runs by hand. An error that the user can
mend is one line on stderr and exit status 1; wrong options end with status 2.
"""


def cell(text: object) -> str:
    """Text for one cell of a Markdown table."""
    line = " ".join(str(text).split())
    return line.replace("|", "\\|").replace("<", "&lt;")


def code(text: object) -> str:
    """A literal in one cell of a Markdown table."""
    return f"`{text}`".replace("|", "\\|")


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def kind_of(described: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """What values a key takes, in words."""
    if "$ref" in described or "allOf" in described:
        return "mapping, below"
    if "enum" in described or "const" in described:
        values = described.get("enum", [described.get("const")])
        return "one of " + ", ".join(code(value) for value in values)
    if "anyOf" in described:
        return " or ".join(kind_of(each, definitions) for each in described["anyOf"])
    name = described.get("type", "range or list of seeds")
    if isinstance(name, list):
        return "range or list of seeds"
    words = {"integer": "whole number", "object": "mapping", "string": "text", "array": "list"}
    words |= {"boolean": "`true` or `false`"}
    if name == "array" and "type" in described.get("items", {}):
        return f"list of {words.get(described['items']['type'], 'number')}s"
    return words.get(name, name) + bounds_of(described)


def bounds_of(described: Mapping[str, Any]) -> str:
    """The bounds of a number, in words."""
    names = {
        "minimum": "from",
        "exclusiveMinimum": "above",
        "maximum": "to",
        "exclusiveMaximum": "below",
    }
    said = [f"{word} {described[key]}" for key, word in names.items() if key in described]
    return f" {' '.join(said)}" if said else ""


def default_of(described: Mapping[str, Any]) -> str:
    """The default of a key as YAML has it."""
    if "$ref" in described:
        return "as below"
    return (
        code(json.dumps(described["default"], ensure_ascii=False)) if "default" in described else ""
    )


def referred(described: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The mapping that a key refers to."""
    model: Mapping[str, Any] = definitions[described["$ref"].rpartition("/")[2]]
    return model


def keys_of(model: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """The table of a mapping's keys."""
    rows = [
        (
            code(name),
            kind_of(described, definitions),
            default_of(described),
            cell(described.get("description") or referred(described, definitions)["description"]),
        )
        for name, described in model.get("properties", {}).items()
    ]
    return table(("key", "value", "default", "meaning"), rows)


def configuration_page() -> str:
    """docs/reference/configuration.md."""
    from ednag.study.configuration import schema
    from ednag.tables import FURTHER, TABLES

    described = json.loads(schema())
    definitions = described["$defs"]
    parts = [_CONFIGURATION, "## The study\n", keys_of(described, definitions)]
    for name, key in described["properties"].items():
        for entry in [key, *key.get("items", {}).get("anyOf", [])]:
            if "$ref" not in entry:
                continue
            model = referred(entry, definitions)
            parts += [f"## {name}\n", model["description"] + "\n", keys_of(model, definitions)]
    parts += ["## Search spaces and datasets\n", "Names for `benchmarks` and `if_present`.\n"]
    spaces = [(code(space), ", ".join(map(code, names))) for space, names in TABLES.items()]
    parts += [table(("search space", "datasets"), spaces)]
    further = [(code(space), ", ".join(map(code, names))) for space, names in FURTHER.items()]
    parts += [
        "Tables beside these, which are no benchmarks: methods that need them read them.\n",
        table(("search space", "further tables"), further),
    ]
    parts += [
        "## Methods\n",
        "Names for `methods`: [methods](methods.md).\n",
    ]
    return _NOTE + "\n".join(parts)


_METHODS = """# Methods

Names for `methods` of a study. `{id: METHOD, hyperparameters: {NAME: VALUE}}` sets
hyper-parameters; search spaces may have defaults of their own. A budget counts distinct
evaluations; of methods that train for fewer epochs first, it is as many epochs as so many whole
trainings have. *Cost* is the processor time that the method itself takes for a distinct evaluation,
of 512 on a made-up table of NAS-Bench-201 (`python benchmarks/method_costs.py`, one thread of an
Intel Xeon of 2023).
"""


def methods_page() -> str:
    """docs/reference/methods.md."""
    from ednag.methods import METHODS, get_method
    from ednag.methods.instances import method_names

    with (FOLDER / "method-costs.csv").open(encoding="utf-8") as file:
        costs = {row["method"]: row for row in csv.DictReader(file)}
    rows = []
    for name in method_names():
        each, cost = get_method(name), costs.get(name)
        everywhere = "where accuracies after fewer epochs are known" if each.epochs else "all"
        spaces = ", ".join(sorted(each.spaces or ())) or everywhere
        milliseconds = f"{cost['ms_an_evaluation']} ms" if cost else ""
        rows.append((code(name), each.title, cell(each.description), spaces, milliseconds))
    head = ("method", "title", "what it does", "spaces", "cost")
    return _NOTE + "\n".join([_METHODS, table(head, rows), *map(method_section, METHODS)])


def method_section(name: str) -> str:
    """A registered method: its paper, where it is and is tested, hyper-parameters, instances."""
    from ednag.methods import METHODS, get_method
    from ednag.methods.instances import catalogue

    method = get_method(name)
    module = importlib.import_module(METHODS[name].split(":")[0])
    file = Path(str(module.__file__)).relative_to(ROOT)
    names = [name, *(other for other, each in catalogue().items() if each.of == name)]
    tests = [
        path.relative_to(ROOT)
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if path.parent.name in ("methods", "search") and mentions(path, names, file.stem)
    ]
    end = "By its own rule." if method.has_own_end else "With the budget."
    tuned = f" Tuned on: {', '.join(map(code, method.tuned_on))}." if method.tuned_on else ""
    places = ", ".join(f"[{path.name}](../../{path})" for path in tests)
    parts = [
        f"## {name}\n",
        (module.__doc__ or "").strip() + "\n",
        f"Ends: {end}{tuned} Code: [{file.name}](../../{file}). Tests: {places}.\n",
    ]
    model = method.hyperparameters.model_json_schema()
    if model.get("properties"):
        parts.append(keys_of(model, model.get("$defs", {})))
    rows = [
        (code(instance), code(settings_of(catalogue()[instance].hyperparameters)))
        for instance in names[1:]
    ]
    if rows:
        parts.append(table(("instance", "its hyper-parameters"), rows))
    return "\n".join(parts)


def mentions(path: Path, names: Sequence[str], module: str) -> bool:
    """Whether a test runs on every method, or names this one or its module."""
    text = path.read_text(encoding="utf-8")
    words = [f'"{name}"' for name in names] + [f"methods.{module} ", f"methods import {module}"]
    return path.name == "test_methods.py" or any(word in text for word in words)


def settings_of(hyperparameters: Mapping[str, Any]) -> str:
    """Hyper-parameters as YAML has them."""
    return ", ".join(f"{name}: {json.dumps(value)}" for name, value in hyperparameters.items())


def commands() -> Iterator[tuple[str, click.Command]]:
    """(name, command) of everything that can be called, groups before what they hold."""
    from ednag.cli import group

    def within(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        yield name, command
        if isinstance(command, click.Group):
            context = click.Context(command)
            for child in sorted(command.list_commands(context)):
                found = command.get_command(context, child)
                assert found is not None
                yield from within(f"{name} {child}", found)

    yield from within("ednag", group)


def described_option(option: click.Parameter, context: click.Context) -> tuple[str, str]:
    """What is written for an option, and what it does, as `--help` says it."""
    if isinstance(option, click.Option):
        record = option.get_help_record(context)
        if record is not None:
            return code(record[0]), cell(record[1])
    return code(option.make_metavar(context)), ""


def command_section(name: str, command: click.Command) -> str:
    """The section on one command: usage, purpose, arguments and options."""
    context = click.Context(command, info_name=name, show_default=True)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    level = "##" if name.count(" ") < 2 else "###"
    purpose = re.sub(r"[ \n]*\n[ \n]*", "\n", (command.help or "").split("\f")[0].strip())
    parts = [f"{level} {name}\n", f"```text\n{usage}\n```\n", cell(purpose) + "\n"]
    options = [each for each in command.get_params(context) if isinstance(each, click.Option)]
    options = [each for each in options if "--help" not in each.opts]
    rows = [described_option(each, context) for each in options]
    if rows:
        parts.append(table(("option", "meaning"), rows))
    return "\n".join(parts)


def commands_page() -> str:
    """docs/reference/commands.md."""
    sections = [command_section(name, command) for name, command in commands()]
    return _NOTE + "\n".join([_COMMANDS, *sections])


_PATHS = """# Paths

All files that a study makes, by stage, as `src/ednag/study/artefacts.yaml` declares them. Braces
hold wildcards or alternatives. [Files](files.md) says what is in them.
"""


def paths_page() -> str:
    """docs/reference/paths.md."""
    from ednag.stages import PAGES as BELOW_RESULTS
    from ednag.stages import RECORDS, STAGES
    from ednag.study.artefacts import ARTEFACTS
    from ednag.study.plan import Plan

    parts = [_PATHS]
    for stage in (*STAGES, BELOW_RESULTS, RECORDS):
        title = "pages" if stage is BELOW_RESULTS else stage.name
        rows = [
            (
                code(artefact.grammar),
                code(artefact.job),
                artefact.title,
                cell(str(getattr(Plan, artefact.where).__doc__)).rstrip("."),
            )
            for artefact in ARTEFACTS
            if artefact.stage == stage
        ]
        head = ("path", "rule", "title in reports", "one for")
        parts.append(f"## {title.capitalize()}\n\n{table(head, rows)}")
    return _NOTE + "\n".join(parts)


#: file in docs/reference -> what makes it
PAGES = {
    "configuration.md": configuration_page,
    "methods.md": methods_page,
    "commands.md": commands_page,
    "paths.md": paths_page,
}

if __name__ == "__main__":
    for file, page in PAGES.items():
        (FOLDER / file).write_text(page(), encoding="utf-8")
