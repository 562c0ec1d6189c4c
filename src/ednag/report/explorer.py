"""A chart of a dataset: every architecture, and those that a run evaluated, in their order."""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ednag.files import read_rows
from ednag.methods import get_method
from ednag.methods.storage import read_runs
from ednag.report.interactive import Chart, chosen, data_of, metric_label
from ednag.study.artefacts import artefact_named, record_path
from ednag.study.comparisons import main_methods
from ednag.tables import get_reported_metric

#: Columns of a table that an architecture costs -> label.
_COSTS = {
    "training_time": "training time (s)",
    "latency": "latency (s)",
    "flops": "FLOPs",
    "parameters": "parameters",
}
_PROTOCOL = "paper"
#: Evaluations of a run in a page, and rows of a table whose architectures are all shown.
_LONGEST, _MOST = 1000, 60_000


def explored(
    root: Path, space: str, dataset: str, methods: Collection[str], link: Callable[[str], str]
) -> tuple[list[Path], Chart] | None:
    """The files that are read, and the chart; None where there is no table or no run.

    `methods` are those of the study: runs of others may be left over. `link` gives the address of
    a file of the study.
    """
    path = root / artefact_named("table").path(space=space, dataset=dataset)
    files = dict(_run_files(root, space, dataset, methods))
    metric = get_reported_metric(space, dataset, _PROTOCOL)
    if not path.is_file() or not files:
        return None
    table = read_rows(path)
    if metric.name not in table or "key" not in table or len(table) > _MOST:
        return None
    # A cost may be the metric itself, as in a search for low latency.
    costs = {name: label for name, label in _COSTS.items() if name in {*table} - {metric.name}}
    columns = ["index", "key", metric.name, *costs]
    known = table[columns].rename(columns={metric.name: "value"})
    runs = [_evaluated(root, method, file, known, link) for method, file in files.items()]
    frame = pd.concat(runs, ignore_index=True)
    label = metric_label({"space": space, "dataset": dataset, "protocol": _PROTOCOL})
    best = "max" if metric.higher_is_better else "min"
    return [path, *files.values()], _chart(known.dropna(), frame, label, costs, best)


def _run_files(
    root: Path, space: str, dataset: str, methods: Collection[str]
) -> Iterator[tuple[str, Path]]:
    """(method, its first file of runs) of the main ones of some methods."""
    run = artefact_named("run")
    folder = root / run.path(space=space, dataset=dataset, protocol=_PROTOCOL)
    found: dict[str, dict[int, Path]] = {}
    for path in folder.parents[1].glob("*/seeds-*.parquet"):
        match = run.pattern.fullmatch(path.relative_to(root).as_posix())
        if match and match["method"] in methods:
            found.setdefault(match["method"], {})[int(match["first"])] = path
    for method in main_methods(sorted(found, key=lambda name: (name != "ednag", name))):
        yield method, found[method][min(found[method])]


def _evaluated(
    root: Path, method: str, path: Path, known: pd.DataFrame, link: Callable[[str], str]
) -> pd.DataFrame:
    """What the run of the lowest seed in a file evaluated, in order."""
    run = min(read_runs(path).runs, key=lambda run: run.seed)
    codes = pd.DataFrame({"index": run.codes[:_LONGEST]})
    rows = codes.merge(known, on="index", how="left")
    match = artefact_named("run").pattern.fullmatch(path.relative_to(root).as_posix())
    record = record_path("run", **match.groupdict()) if match else ""
    return rows.assign(
        run=f"{get_method(method).title}, seed {run.seed}", order=rows.index + 1, link=link(record)
    )


def _chart(
    known: pd.DataFrame, runs: pd.DataFrame, label: str, costs: Mapping[str, str], best: str
) -> Chart:
    y = {"field": "value", "type": "quantitative", "scale": {"zero": False}, "title": label}
    numbers = ["value", *costs]
    tooltip = [{"field": name} for name in ("key", *numbers, "order", "run")]
    links = runs[["run", "link"]].drop_duplicates().to_dict("records")
    held = data_of(runs.drop(columns=["index", "link"]), [*numbers, "order"])
    run = {
        "data": {"name": "runs", "format": held["format"]},
        "transform": [
            {"filter": "datum.run == run"},
            {
                "lookup": "run",
                "from": {"data": {"values": links}, "key": "run", "fields": ["link"]},
            },
        ],
    }
    order = {"field": "order", "type": "quantitative", "title": "evaluation"}
    points: Chart = {
        "mark": {"type": "circle", "size": 36, "cursor": "pointer"},
        "encoding": {
            "y": y,
            "color": {**order, "scale": {"scheme": "viridis"}},
            "tooltip": tooltip,
            "href": {"field": "link"},
        },
    }
    in_order = {
        **run,
        "width": 620,
        "height": 260,
        "layer": [
            _with_x(points, order),
            {
                "transform": [
                    {
                        "window": [{"op": best, "field": "value", "as": "best"}],
                        "sort": [{"field": "order"}],
                    }
                ],
                "mark": {"type": "line", "interpolate": "step-after", "color": "#d55e00"},
                "encoding": {"x": order, "y": {**y, "field": "best"}},
            },
        ],
    }
    params: list[Any] = [chosen("run", "Run:", list(dict.fromkeys(runs["run"])))]
    views: list[Chart] = [in_order]
    if costs:
        params.append(chosen("cost", "Cost:", list(costs)))
        x: Chart = {
            "field": "cost_value",
            "type": "quantitative",
            "scale": {"zero": False},
            "title": "cost, as chosen below",
        }
        chosen_cost = [{"calculate": "toNumber(datum[cost])", "as": "cost_value"}]
        everything = {
            "data": data_of(known[numbers], numbers),
            "transform": chosen_cost,
            "mark": {"type": "circle", "size": 6, "color": "#7f7f7f", "opacity": 0.25},
            "encoding": {"x": x, "y": y},
        }
        among = {**run, "transform": [*run["transform"], *chosen_cost], **_with_x(points, x)}
        views.insert(0, {"width": 620, "height": 320, "layer": [everything, among]})
    return {
        "background": None,
        # Once for both views.
        "datasets": {"runs": held["values"]},
        "params": params,
        "vconcat": views,
        # Thousands of points.
        "usermeta": {"embedOptions": {"renderer": "canvas"}},
    }


def _with_x(points: Chart, x: Chart) -> Chart:
    return {**points, "encoding": {**points["encoding"], "x": x}}
