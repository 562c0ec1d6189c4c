"""The method in the plane: a population on a density of two peaks, from noise to the peaks.

A genotype is a point, its fitness the density there. Mapping, origin estimate and denoising step
are those of the engine. The other steps of a search (stretching, mutation, selection) are left out
because these genotypes are not decoded.
"""

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Generator, Tensor

from ednag.evidence.figures.style import new_figure
from ednag.search.denoising import cosine_schedule, ddim_step, estimate_origin
from ednag.search.mapping import energy

#: The density: two equal Gaussians, their centres and common width.
PEAKS = ((-1.0, -0.8), (1.0, 0.8))
WIDTH = 0.35
#: The search: individuals, steps of the schedule, temperature of the mapping, share of fresh noise.
POPULATION, STEPS = 100, 100
TEMPERATURE, NOISE_SCALE = 0.1, 0.3
#: Denoising steps after which the population is shown.
SHOWN = (0, 30, 50, 65, 80, 99)
_EXTENT = 3.0


def density(points: Tensor) -> Tensor:
    """The density float32[n] at points float32[n, 2]; about 1 on a peak."""
    distance = torch.cdist(points, torch.tensor(PEAKS))
    return torch.exp(-(distance**2) / (2 * WIDTH**2)).sum(dim=1)


def illustration_frame(seed: int) -> pd.DataFrame:
    """The drawn individuals: step, individual, x, y and density; `seed` is of the noise."""
    torch.set_num_threads(1)
    generator = Generator().manual_seed(seed)
    alpha = cosine_schedule(STEPS)
    population = torch.randn((POPULATION, 2), generator=generator)
    frames = [_shown(population, 0)]
    for done, step in enumerate(range(STEPS - 1, 0, -1), start=1):
        origin = estimate_origin(population, energy(density(population), TEMPERATURE), alpha[step])
        population = ddim_step(
            population, origin, alpha[step], alpha[step - 1], NOISE_SCALE, generator
        )
        if done in SHOWN:
            frames.append(_shown(population, done))
    return pd.concat(frames, ignore_index=True)


def _shown(population: Tensor, step: int) -> pd.DataFrame:
    """Points and densities, rounded because torch's last bits differ between CPUs."""
    values = np.column_stack([population.numpy(), density(population).numpy()])
    frame = pd.DataFrame(values.astype(np.float64).round(3), columns=["x", "y", "density"])
    frame.insert(0, "step", step)
    frame.insert(1, "individual", range(len(frame)))
    return frame


def illustration(drawn: pd.DataFrame) -> Figure:
    """Six panels of `illustration_frame`: the population over lines of equal density."""
    title = "Evolutionary denoising on a density of two peaks"
    figure, grid = new_figure(title, 2, 3, figsize=(6.4, 4.6), sharex=True, sharey=True)
    side = np.linspace(-_EXTENT, _EXTENT, 121, dtype=np.float32)
    across, up = np.meshgrid(side, side)
    points_of_grid = torch.from_numpy(np.stack([across.ravel(), up.ravel()], axis=1))
    field = density(points_of_grid).numpy().reshape(across.shape)
    levels = [0.1, 0.3, 0.5, 0.7, 0.9]
    for axes, (step, points) in zip(grid.flat, drawn.groupby("step"), strict=True):
        axes.contour(side, side, field, levels=levels, colors="0.6", linewidths=0.6)
        axes.scatter(points["x"], points["y"], s=9, color="C0", alpha=0.7, linewidths=0, zorder=2)
        axes.plot(*np.array(PEAKS).T, "x", color="C1", markersize=6, markeredgewidth=1.6, zorder=3)
        outside = int((points[["x", "y"]].abs() > _EXTENT).any(axis=1).sum())
        note = f" ({outside} outside)" if outside else ""
        axes.set_title("Gaussian noise" if step == 0 else f"After {step} steps{note}")
        axes.set(xlim=(-_EXTENT, _EXTENT), ylim=(-_EXTENT, _EXTENT), aspect="equal")
    return figure
