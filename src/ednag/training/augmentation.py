"""Augmentation and normalisation of images; all randomness comes from a generator argument."""

import torch
from torch import Tensor
from torchvision.transforms import v2 as transforms

from ednag.training.recipe import Recipe


def generator(seed: int, *place: int) -> torch.Generator:
    """A generator on the CPU for one place in a run, such as (stream, epoch, step)."""
    number = 0
    for part in (seed, *place):
        number = (number * 0x9E3779B97F4A7C15 + part + 1) % 2**63
    return torch.Generator().manual_seed(number)


def augmented(images: Tensor, recipe: Recipe, draws: torch.Generator) -> Tensor:
    """Crop, mirror and AutoAugment images uint8[n, C, H, W]; draws do not depend on the device."""
    if recipe.augmentation != "none":
        images = _cropped_and_mirrored(images, recipe, draws)
    if recipe.autoaugment:
        images = _autoaugmented(images, draws)
    return images


def _cropped_and_mirrored(images: Tensor, recipe: Recipe, draws: torch.Generator) -> Tensor:
    count, _, height, width = images.shape
    padding = recipe.padding if recipe.padding is not None else max(1, min(height, width) // 8)
    shifts = torch.randint(2 * padding + 1, (2, count, 1), generator=draws)
    mirrored = torch.randint(2, (count, 1), generator=draws, dtype=torch.bool)
    rows = torch.arange(height) + shifts[0]
    columns = torch.arange(width) + shifts[1]
    columns = torch.where(mirrored, columns.flip(1), columns)
    padded = torch.nn.functional.pad(images, (padding,) * 4)
    batch = torch.arange(count, device=images.device)[:, None, None]
    rows, columns = rows[:, :, None].to(images.device), columns[:, None].to(images.device)
    return padded.permute(0, 2, 3, 1)[batch, rows, columns].permute(0, 3, 1, 2)


def _autoaugmented(images: Tensor, draws: torch.Generator) -> Tensor:
    """Apply AutoAugment, which draws from torch's global generator."""
    policy = transforms.AutoAugment(transforms.AutoAugmentPolicy.CIFAR10)
    number = int(torch.randint(2**62, (1,), generator=draws))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(number)
        return torch.stack([policy(image) for image in images])


def normalised(images: Tensor, recipe: Recipe) -> Tensor:
    """Images uint8[n, C, H, W] as torch's default float type: (pixels in [0, 1] - mean) / std."""
    mean, std = torch.tensor(recipe.mean), torch.tensor(recipe.std)
    if images.shape[1] != len(mean):
        mean, std = mean.mean()[None], std.mean()[None]
    mean, std = (value[:, None, None].to(images.device) for value in (mean, std))
    return (images.to(torch.get_default_dtype()) / 255 - mean) / std


def cutout_corners(images: Tensor, recipe: Recipe, draws: torch.Generator) -> Tensor:
    """Top and left of the blanked square of each image of [n, C, H, W], int64[n, 2].

    Its centre is uniform over the pixels, so a square can extend beyond the image.
    """
    count, _, height, width = images.shape
    centres = [torch.randint(side, (count,), generator=draws) for side in (height, width)]
    return torch.stack(centres, dim=1) - recipe.cutout // 2


def blanked(images: Tensor, corners: Tensor, recipe: Recipe) -> Tensor:
    """Cutout: the squares at `corners` of normalised images float[n, C, H, W] set to 0."""
    _, _, height, width = images.shape
    top, left = corners[:, 0, None], corners[:, 1, None]
    rows, columns = torch.arange(height), torch.arange(width)
    inside = ((rows >= top) & (rows < top + recipe.cutout))[:, :, None] & (
        (columns >= left) & (columns < left + recipe.cutout)
    )[:, None]
    return images.masked_fill(inside[:, None].to(images.device), 0)
