"""A chart of a dataset: every architecture, and those that a run evaluated, in their order."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ednag.files import read_rows
from ednag.methods import get_method
from ednag.methods.interface import Run
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
    root: Path, space: str, dataset: str, seeds: Mapping[str, int], link: Callable[[str], str]
) -> tuple[list[Path], Chart] | None:
    """The files that are read, and the chart; None where there is no table or no run.

    `seeds` has, of each method of the study, the seed of the run to show: runs of other studies may
    be left over. `link` gives the address of a file of the study.
    """
    path = root / artefact_named("table").path(space=space, dataset=dataset)
    runs = list(_runs(root, space, dataset, seeds))
    metric = get_reported_metric(space, dataset, _PROTOCOL)
    if not path.is_file() or not runs:
        return None
    table = read_rows(path)
    if metric.name not in table or "key" not in table or len(table) > _MOST:
        return None
    # A cost may be the metric itself, as in a search for low latency.
    costs = {name: label for name, label in _COSTS.items() if name in {*table} - {metric.name}}
    columns = ["index", "key", metric.name, *costs]
    known = table[columns].rename(columns={metric.name: "value"})
    frame = pd.concat(
        [
            _evaluated(method, run, known).assign(link=link(record))
            for method, run, _, record in runs
        ],
        ignore_index=True,
    )
    label = metric_label({"space": space, "dataset": dataset, "protocol": _PROTOCOL})
    best = "max" if metric.higher_is_better else "min"
    files = [path, *(file for _, _, file, _ in runs)]
    return files, _chart(known.dropna(), frame, label, costs, best)


def _runs(
    root: Path, space: str, dataset: str, seeds: Mapping[str, int]
) -> Iterator[tuple[str, Run, Path, str]]:
    """(method, the run of its seed, its file, path of the record) of the main methods."""
    artefact = artefact_named("run")
    folder = root / artefact.path(space=space, dataset=dataset, protocol=_PROTOCOL)
    for method in main_methods(sorted(seeds, key=lambda name: (name != "ednag", name))):
        for path in sorted(folder.parents[1].glob(f"{method}/seeds-*.parquet")):
            match = artefact.pattern.fullmatch(path.relative_to(root).as_posix())
            if not match or not int(match["first"]) <= seeds[method] <= int(match["last"]):
                continue
            run = next((run for run in read_runs(path).runs if run.seed == seeds[method]), None)
            if run is not None:
                yield method, run, path, record_path("run", **match.groupdict())
                break


def _evaluated(method: str, run: Run, known: pd.DataFrame) -> pd.DataFrame:
    """What a run evaluated, in order."""
    codes = pd.DataFrame({"index": run.codes[:_LONGEST]})
    rows = codes.merge(known, on="index", how="left")
    return rows.assign(run=f"{get_method(method).title}, seed {run.seed}", order=rows.index + 1)


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
