"""Other libraries at the work of our methods: evaluations a second, memory and start-up.

    python benchmarks/peers.py [--environments FOLDER] [--repeats 3] [--page]

Each peer is installed into an environment of its own below FOLDER (a new temporary one without it)
from the package index that pip is set to; one that cannot be installed is left out with the reason.
All search the same table, nasbench201/cifar10-analog, which is packaged, on one core, each in a
process of its own, in turns. A *start* is what the process takes until it has ended a first small
search: imports, compilers, that search. Prints medians of the repeats. With --page, writes the
table into docs/study-time.md.

Searches are equal in what they are asked for: population, steps, evaluations. They are not equal in
what they do: Diffusion Evolution of evosax has no normalisation, mutation and selection, as our
`diffusion-evolution`; EDNAG has all three, and 8,910 evaluations for 3,000.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "study-time.md"
BEGIN, END = "<!-- peers -->\n", "<!-- end of peers -->"
#: A search of some seeds on a table; its number of evaluations.
Search = Callable[[int], int]
SEEDS, POPULATION, STEPS = 100, 30, 100
#: Evaluations of a run of those that evaluate one architecture at a time.
EVOLUTION, MODELS = 200, 100


# --- the peers: each imports its library, and returns what searches so many seeds -----------------


def evosax_diffusion(table: dict[str, np.ndarray]) -> Search:
    """Diffusion Evolution of evosax, over seeds by `vmap`."""
    import jax
    import jax.numpy as jnp
    from evosax.algorithms import DiffusionEvolution

    fitness = jnp.asarray(table["fitness"])
    code_of_choices = jnp.asarray(table["code_of_choices"])
    rows, columns = table["shape"].tolist()
    algorithm = DiffusionEvolution(POPULATION, jnp.zeros(rows * columns), num_generations=STEPS)
    params = algorithm.default_params

    def values(population):
        choices = population.reshape(-1, rows, columns).argmax(axis=2)
        digits = (choices * columns ** jnp.arange(rows)[::-1]).sum(axis=1)
        return -fitness[code_of_choices[digits]]

    def run(key):
        first = jax.random.normal(key, (POPULATION, rows * columns))
        state = algorithm.init(key, first, values(first), params)

        def step(state, key):
            population, state = algorithm.ask(key, state, params)
            state, _ = algorithm.tell(key, population, values(population), state, params)
            return state, state.best_fitness

        _, best = jax.lax.scan(step, state, jax.random.split(key, STEPS - 1))
        return best[-1]

    together = jax.jit(jax.vmap(run))

    def search(seeds: int) -> int:
        # Always of one shape, for which it is compiled once.
        together(jax.random.split(jax.random.key(seeds), SEEDS)).block_until_ready()
        return SEEDS * POPULATION * STEPS

    return search


def syne_tune_evolution(table: dict[str, np.ndarray]) -> Search:
    """Regularised evolution of Syne Tune on its simulator, as its documentation has it."""
    import logging

    import pandas as pd
    from syne_tune import StoppingCriterion, Tuner
    from syne_tune.backend.simulator_backend.simulator_callback import SimulatorCallback
    from syne_tune.blackbox_repository.blackbox_tabular import BlackboxTabular
    from syne_tune.blackbox_repository.simulated_tabular_backend import UserBlackboxBackend
    from syne_tune.config_space import choice, randint
    from syne_tune.optimizer.baselines import REA

    logging.disable(logging.CRITICAL)
    os.environ["SYNETUNE_FOLDER"] = str(Path(tempfile.gettempdir(), "syne-tune"))
    edges = {f"edge{place}": choice(list(range(5))) for place in range(6)}
    cells = np.stack(np.unravel_index(np.arange(5**6), (5,) * 6), axis=1)
    blackbox = BlackboxTabular(
        hyperparameters=pd.DataFrame(cells, columns=list(edges)),
        configuration_space=edges,
        fidelity_space={"epochs": randint(1, 1)},
        objectives_evaluations=np.stack([table["metric"], np.full(5**6, 3600.0)], axis=1).reshape(
            -1, 1, 1, 2
        ),
        objectives_names=["accuracy", "elapsed"],
    )

    def search(seeds: int) -> int:
        for seed in range(seeds):
            tuner = Tuner(
                trial_backend=UserBlackboxBackend(blackbox, elapsed_time_attr="elapsed"),
                scheduler=REA(edges, metric="accuracy", do_minimize=False, random_seed=seed),
                stop_criterion=StoppingCriterion(max_num_trials_finished=EVOLUTION),
                n_workers=1,
                sleep_time=0,
                callbacks=[SimulatorCallback()],
                print_update_interval=1e9,
                results_update_interval=1e9,
                save_tuner=False,
            )
            tuner.run()
        return seeds * EVOLUTION

    return search


def optuna_tpe(table: dict[str, np.ndarray]) -> Search:
    """TPE of Optuna by `study.optimize`."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def value(trial: Any) -> float:
        cell = [trial.suggest_categorical(f"edge{place}", range(5)) for place in range(6)]
        return float(table["metric"][np.ravel_multi_index(cell, (5,) * 6)])

    def search(seeds: int) -> int:
        for seed in range(seeds):
            sampler = optuna.samplers.TPESampler(seed=seed)
            study = optuna.create_study(direction="maximize", sampler=sampler)
            study.optimize(value, n_trials=MODELS)
        return seeds * MODELS

    return search


def smac_forest(table: dict[str, np.ndarray]) -> Search:
    """SMAC's loop for hyper-parameters, with its forest."""
    from ConfigSpace import Categorical, ConfigurationSpace
    from smac import HyperparameterOptimizationFacade, Scenario

    space = ConfigurationSpace()
    space.add([Categorical(f"edge{place}", list(range(5))) for place in range(6)])

    def value(config: Any, seed: int = 0) -> float:
        cell = [config[f"edge{place}"] for place in range(6)]
        return -float(table["metric"][np.ravel_multi_index(cell, (5,) * 6)])

    def search(seeds: int) -> int:
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as folder:
                scenario = Scenario(
                    space, n_trials=MODELS, seed=seed, deterministic=True,
                    output_directory=Path(folder),
                )  # fmt: skip
                HyperparameterOptimizationFacade(scenario, value, logging_level=50).optimize()
        return seeds * MODELS

    return search


def plain_torch(table: dict[str, np.ndarray]) -> Search:
    """EDNAG written down in torch from its specification."""
    import torch

    torch.set_num_threads(1)
    from plain_torch_search import PlainSearch

    accuracies = dict(zip(table["keys"].tolist(), table["metric"].tolist(), strict=True))

    def search(seeds: int) -> int:
        runs = [PlainSearch(accuracies) for _ in range(seeds)]
        for seed, run in enumerate(runs):
            run.run(seed)
        return sum(len(run.asked) for run in runs)

    return search


def ours(method: str, budget: int) -> Callable[[dict[str, np.ndarray]], Search]:
    """A method of this package."""

    def made(_: dict[str, np.ndarray]) -> Search:
        from ednag.methods import get_method

        chosen, objective = get_method(method), packaged()
        settings = chosen.read_hyperparameters({}, objective.space, objective.protocol)
        return lambda seeds: sum(
            run.total for run in chosen.run_all(objective, range(seeds), budget, settings)
        )

    return made


def packaged() -> Any:
    """The objective of nasbench201/cifar10-analog under its protocol `paper`."""
    from ednag.search.objective import objective_on
    from ednag.sources.lookup import locate
    from ednag.spaces import get_space
    from ednag.tables import get_definition, get_protocol

    place = ("nasbench201", "cifar10-analog")
    definition = get_definition(*place)
    benchmark = definition.build(locate(definition.sources), {})
    return objective_on(benchmark, get_protocol(*place, "paper"), get_space(place[0]))


#: Name -> (what does the same, packages to install or none, what searches, seeds).
PEERS: dict[str, tuple[str, tuple[str, ...], Any, int]] = {
    "diffusion-evolution": ("denoising", (), ours("diffusion-evolution", 10**6), SEEDS),
    "evosax": ("denoising", ("evosax==0.3.2",), evosax_diffusion, SEEDS),
    "ednag": ("EDNAG", (), ours("ednag", 1), SEEDS),
    "plain torch": ("EDNAG", (), plain_torch, 1),
    "regularised-evolution-100-10": (
        "regularised evolution", (), ours("regularised-evolution-100-10", EVOLUTION), SEEDS,
    ),
    "Syne Tune": (
        "regularised evolution", ("syne-tune==0.16.0", "huggingface_hub"), syne_tune_evolution, 1,
    ),
    "tpe": ("TPE", (), ours("tpe", MODELS), 2),
    "Optuna": ("TPE", (), optuna_tpe, 2),
    "forest-guided": ("a forest", (), ours("forest-guided", MODELS), 2),
    "SMAC": ("a forest", ("smac==2.4.1",), smac_forest, 1),
}  # fmt: skip


# --- one process for each measurement -------------------------------------------------------------


def measure_here(name: str, table: str, began: float) -> None:
    """In a peer's environment: search, and print what it took."""
    _, _, made, seeds = PEERS[name]
    with np.load(table) as arrays:
        search = made(dict(arrays))
    search(1)
    start = time.time() - began
    before = time.process_time()
    evaluations = search(seeds)
    seconds = time.process_time() - before
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([evaluations, seconds, memory, start]))


def write_table(path: Path) -> None:
    """What peers read: values by code, the code of what each row of a genotype has largest."""
    objective = packaged()
    rows, columns = objective.space.shape
    choices = np.array(np.unravel_index(np.arange(columns**rows), (columns,) * rows)).T
    # A genotype with the chosen column of each row above the others.
    codes = [
        objective.decode(np.eye(columns, dtype=np.float32)[part])
        for part in np.array_split(choices, 1 + len(choices) // 100_000)
    ]
    np.savez(
        path,
        shape=np.array([rows, columns]),
        metric=objective.metric_by_code[:-1],
        fitness=objective.fitness_by_code,
        code_of_choices=np.concatenate(codes),
        keys=np.array(objective.space.keys(np.arange(objective.space.size))),
    )


def environment_of(name: str, packages: tuple[str, ...], folder: Path) -> str:
    """The interpreter that has a peer's packages; raises CalledProcessError if they do not come."""
    if not packages:
        return sys.executable
    place = folder / name.lower().replace(" ", "-")
    python = str(place / "bin" / "python")
    quiet = {"check": True, "capture_output": True, "text": True}
    if not place.exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], **quiet)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], **quiet)
    return python


def measured(name: str, python: str, table: Path) -> list[float]:
    """Evaluations, processor seconds, MB and seconds of start of one process on one core."""
    core, place = min(os.sched_getaffinity(0)), {"TMPDIR": str(table.parent)}
    done = subprocess.run(
        [python, __file__, "--one", name, str(table), repr(time.time())],
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} | place,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(value) for value in json.loads(done.stdout.splitlines()[-1])]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--environments", type=Path, help="folder of the peers' environments")
    parser.add_argument("--repeats", type=int, default=3, help="processes for each peer")
    parser.add_argument("--page", action="store_true", help="write docs/study-time.md")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        measure_here(given.one[0], given.one[1], float(given.one[2]))
        return
    with tempfile.TemporaryDirectory() as name:
        table, folder = Path(name, "table.npz"), given.environments or Path(name)
        write_table(table)
        pythons = {}
        for peer, (_, packages, _, _) in PEERS.items():
            try:
                pythons[peer] = environment_of(peer, packages, folder)
                measured(peer, pythons[peer], table)
            except subprocess.CalledProcessError as error:
                why = error.stderr.strip().splitlines()[-1]
                print(f"{peer} is left out: {why}", file=sys.stderr)
                pythons.pop(peer, None)
        turns = [
            {peer: measured(peer, python, table) for peer, python in pythons.items()}
            for _ in range(given.repeats)
        ]
    lines = [["work", "by", "evaluations a second", "µs for one", "MB", "start in s"]]
    for peer in pythons:
        evaluations, seconds, memory, start = np.median([turn[peer] for turn in turns], axis=0)
        each = seconds / evaluations
        numbers = [shown(1 / each), shown(each * 1e6), f"{memory:.0f}", f"{start:.1f}"]
        lines.append([PEERS[peer][0], peer, *numbers])
    print("\n".join("\t".join(line) for line in lines))
    if given.page:
        write_page(lines)


def shown(value: float) -> str:
    """A number with three digits that count."""
    return f"{float(f'{value:.3g}'):,.10g}"


def write_page(lines: list[list[str]]) -> None:
    """Put the table between the marks of the page."""
    head, *rows = ["| " + " | ".join(line) + " |" for line in lines]
    table = "\n".join([head, "|---" * len(lines[0]) + "|", *rows])
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
