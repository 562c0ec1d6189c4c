"""Draw docs/images/workflow.svg: the workflow's rules, as `snakemake --rulegraph` gives them.

Called by `make reference`. Graphviz is not needed, and the drawing is the same bytes everywhere.
"""

import html
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import yaml

from ednag.sources.registry import load_registry
from ednag.sources.stamps import write_stamp
from ednag.study.ranking import TAKEN_UP
from ednag.tables.hardware_costs import CIFAR10

ROOT = Path(__file__).resolve().parents[1]
DRAWING = ROOT / "docs" / "images" / "workflow.svg"
#: Rules that only gather the files of others, or judge the audit: everything leads to them.
GATHERING = ("all", "tables", "runs", "sound")
#: Rules that read all tables and figures: drawn last, dashed, without the many edges.
READING_ALL = ("audit", "chains", "pages")
#: Rules of which there is one for each table or figure, under the name they have in the drawing.
ALIKE = (re.compile(r"(table|figure)_.*"), r"\1_{name}")

#: What runs are judged by, besides what a study takes up.
COSTS = CIFAR10.sources

_WIDTH, _HEIGHT, _ACROSS, _DOWN, _MARGIN = 168, 22, 212, 34, 12
_DASHED = ' stroke-dasharray="4 3"'
#: Rounds in which boxes move to the middle of their neighbours.
_ROUNDS = 12

Edges = set[tuple[str, str]]


def write_study(folder: Path) -> Path:
    """A study that uses every rule: the paper's, and what it leaves out."""
    (folder / "images" / "a").mkdir(parents=True)
    (folder / "images" / "a" / "1.png").touch()
    study = yaml.safe_load((ROOT / "config" / "paper.yaml").read_text(encoding="utf-8"))
    study["benchmarks"]["nasbench201"] += ["digits-unseen", "own-images", "own-images-small"]
    study["methods"] += ["nar", "ednag-ranked"]
    study |= {"predictor": "train", "own_images": str(folder / "images")}
    study["costs"] = {"names": ["flops"]}
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(study), encoding="utf-8")
    return path


def places(folder: Path) -> dict[str, str]:
    """Where sources are looked for: the same on every machine, whatever it has downloaded."""
    registry = load_registry(ROOT / "sources.yaml")
    mirror, cache = folder / "mirror", folder / "cache"
    mirror.mkdir()
    # What the study takes up where it is here: stand-ins that pass for verified are enough to plan.
    for source in map(registry.__getitem__, (*TAKEN_UP, *COSTS)):
        path = mirror / source.file
        with path.open("wb") as file:
            file.truncate(source.size)
        write_stamp(source, cache, path, source.sha256)
    return {"EDNAG_MIRROR": str(mirror), "EDNAG_CACHE": str(cache)}


def ask_snakemake(*question: str) -> str:
    """What snakemake prints of the study with every rule; nothing is run."""
    with tempfile.TemporaryDirectory() as folder:
        study = write_study(Path(folder))
        around = os.environ | places(Path(folder))
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        command += ["--directory", folder, "--configfile", str(study), "--quiet", "all", *question]
        asked = subprocess.run(
            command, cwd=folder, env=around, capture_output=True, text=True, check=False
        )
    if asked.returncode:
        sys.exit(asked.stderr)
    return asked.stdout


def rule_names() -> set[str]:
    """The names in the drawing of all rules of the workflow, but for those that only gather."""
    names = ask_snakemake("--list-rules").split()
    return {ALIKE[0].sub(ALIKE[1], name) for name in names} - set(GATHERING)


def rule_graph() -> tuple[set[str], Edges]:
    """Rules, and (rule, rule that reads of it); short cuts of longer ways are left out."""
    text = ask_snakemake("--rulegraph", "dot")
    labels = dict(re.findall(r'^\s*(\d+)\[label = "([^"\\]+)', text, re.MULTILINE))
    names = {number: ALIKE[0].sub(ALIKE[1], name) for number, name in labels.items()}
    pairs = re.findall(r"^\s*(\d+) -> (\d+)\s*$", text, re.MULTILINE)
    edges = {(names[first], names[second]) for first, second in pairs}
    left_out = {*GATHERING, *READING_ALL}
    edges = {edge for edge in edges if edge[0] != edge[1] and not set(edge) & left_out}
    return set(names.values()) - set(GATHERING), without_short_cuts(edges)


def without_short_cuts(edges: Edges) -> Edges:
    """The edges that no longer way stands for (the transitive reduction of an acyclic graph)."""
    after: dict[str, set[str]] = {}
    for first, second in edges:
        after.setdefault(first, set()).add(second)

    def beyond(rule: str) -> set[str]:
        near = after.get(rule, set())
        return near.union(*(beyond(each) for each in near))

    return {
        (first, second)
        for first, second in edges
        if not any(second in beyond(other) for other in after[first] - {second})
    }


def columns_of(rules: Iterable[str], edges: Edges) -> dict[str, int]:
    """Rule -> column: one further than the furthest rule that it reads of."""
    column = dict.fromkeys(sorted(rules), 0)
    for _ in column:
        for first, second in sorted(edges):
            column[second] = max(column[second], column[first] + 1)
    last = max(column.values()) + 1
    return column | dict.fromkeys(READING_ALL, last)


def with_bends(column: Mapping[str, int], edges: Edges) -> tuple[dict[str, int], list[list[str]]]:
    """Columns of rules and of the bends of long edges, and each edge as a way through them."""
    placed, ways = dict(column), []
    for first, second in sorted(edges):
        between = range(column[first] + 1, column[second])
        bends = [f"{first} {second} {position}" for position in between]
        placed |= dict(zip(bends, between, strict=True))
        ways.append([first, *bends, second])
    return placed, ways


def rows_of(placed: Mapping[str, int], ways: Sequence[Sequence[str]]) -> dict[str, float]:
    """Node -> row. Nodes of a column move to the middle of their neighbours, a row apart."""
    near: dict[str, list[str]] = {node: [] for node in placed}
    for way in ways:
        for first, second in pairwise(way):
            near[first].append(second)
            near[second].append(first)
    columns: dict[int, list[str]] = {}
    for node in sorted(placed):
        columns.setdefault(placed[node], []).append(node)
    row = {node: float(place) for nodes in columns.values() for place, node in enumerate(nodes)}
    for _ in range(_ROUNDS):
        for number in [*sorted(columns), *sorted(columns, reverse=True)]:
            spread(columns[number], near, row)
    top = min(row.values())
    return {node: value - top for node, value in row.items()}


def spread(nodes: list[str], near: Mapping[str, Sequence[str]], row: dict[str, float]) -> None:
    """Move the nodes of one column to the mean row of their neighbours, at least a row apart."""
    wish = {
        node: sum(row[other] for other in near[node]) / len(near[node]) if near[node] else row[node]
        for node in nodes
    }
    nodes.sort(key=lambda node: (wish[node], node))
    taken: list[float] = []
    for node in nodes:
        taken.append(max(wish[node], taken[-1] + 1) if taken else wish[node])
    excess = sum(taken) / len(taken) - sum(wish.values()) / len(wish)
    for node, place in zip(nodes, taken, strict=True):
        row[node] = round(place - excess, 3)


def svg(rules: Iterable[str], edges: Edges) -> str:
    """The drawing: a box for each rule, the data flowing to the right."""
    rules = sorted(rules)
    placed, ways = with_bends(columns_of(rules, edges), edges)
    row = rows_of(placed, ways)
    at = {
        node: (_MARGIN + placed[node] * _ACROSS, round(_MARGIN + row[node] * _DOWN, 1))
        for node in placed
    }
    width = max(x for x, _ in at.values()) + _WIDTH + _MARGIN
    height = round(max(y for _, y in at.values()) + _HEIGHT + _MARGIN, 1)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="11">',
        "<title>The rules of the workflow</title>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
        '<g fill="none" stroke="#888888">',
        *(f'<path d="{curve([at[node] for node in way])}"/>' for way in ways),
        '</g>\n<g fill="#eaf1f8" stroke="#2c5f8a">',
        *(
            f'<rect x="{at[rule][0]}" y="{at[rule][1]}" width="{_WIDTH}" height="{_HEIGHT}" rx="4"'
            f"{_DASHED if rule in READING_ALL else ''}/>"
            for rule in rules
        ),
        '</g>\n<g text-anchor="middle">',
        *(
            f'<text x="{at[rule][0] + _WIDTH / 2}" y="{round(at[rule][1] + 15, 1)}">'
            f"{html.escape(rule)}</text>"
            for rule in rules
        ),
        "</g>\n</svg>\n",
    ]
    return "\n".join(lines)


def curve(corners: Sequence[tuple[float, float]]) -> str:
    """An SVG path from box to box, straight where it passes a column."""
    middle = _HEIGHT / 2
    x, y = corners[0][0] + _WIDTH, round(corners[0][1] + middle, 1)
    path = f"M{x} {y}"
    for place, (left, top) in enumerate(corners[1:], start=2):
        half, y_next = (x + left) / 2, round(top + middle, 1)
        path += f" C{half} {y} {half} {y_next} {left} {y_next}"
        x, y = left, y_next
        if place < len(corners):
            x = left + _WIDTH
            path += f" H{x}"
    return path


if __name__ == "__main__":
    DRAWING.write_text(svg(*rule_graph()), encoding="utf-8")
