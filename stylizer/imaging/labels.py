"""From the probabilities of classes to regions that an artist can trust."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

from stylizer.imaging.guided import refine_to_edges
from stylizer.imaging.mean_field import agree_with_colors
from stylizer.imaging.regions import REST, Regions, regions_from_weights

SMALLEST_PART = 0.0012
"""Share of the picture below which a part of a class is a speck: 20 x 25 pixels of 768 x 576."""
SMALLEST_REGION = 0.004
"""Share of the picture below which a class counts as absent."""
LARGEST_HOLE = 0.005
"""Share of the picture up to which a hole in a region, where nothing is sure, belongs to that region."""
REFINED_SIDE = 768
"""Long side of the masks of recognized regions: the previews' own size."""


def regions_from_probabilities(
    probabilities: Tensor,
    names: Sequence[str],
    photo: Tensor,
    unsure: float,
    ignored: Sequence[str] = ("other",),
) -> Regions:
    """Make regions of what a segmenter answers.

    probabilities (N, h, w), sum 1, of classes with these names; photo (1, 3, H, W) in [0, 1] at the size that
    the masks shall have. Where no class has a probability of `unsure`, and where an ignored class has most,
    is the rest. All of them then follow the photo's colors, so that no rim of doubt stays between two classes
    and none of one class around another. Specks go to what is around them, small holes to what encloses them,
    and classes that hardly occur are left out.
    """
    size = photo.shape[2], photo.shape[3]
    named = [place for place, name in enumerate(names) if name not in ignored]
    found = agree_with_colors(_with_doubt(probabilities.float()[named], unsure), photo)
    label = F.interpolate(found[None], size=size, mode="bilinear")[0].argmax(0)  # 0 is the rest
    places = clear_specks(label.cpu().numpy(), round(SMALLEST_PART * label.numel()))
    places = fill_holes(places, round(LARGEST_HOLE * label.numel()))
    shares = np.bincount(places.ravel(), minlength=len(named) + 1) / places.size
    kept = [place for place in range(1, len(named) + 1) if shares[place] >= SMALLEST_REGION]
    places[~np.isin(places, kept)] = 0
    masks = torch.from_numpy(np.stack([places == place for place in (0, *kept)])).float().to(photo.device)
    region_names = (REST, *(names[named[place - 1]] for place in kept))
    return regions_from_weights(refine_to_edges(masks, photo), region_names)


def _with_doubt(named: Tensor, unsure: float) -> Tensor:
    """Put a plane before those of classes (N, h, w) that has most where none has `unsure`: (1 + N, h, w)."""
    doubt = (1 - named.amax(0, keepdim=True)) * (unsure / (1 - unsure))
    planes = torch.cat([doubt, named])
    return planes / planes.sum(0)


def clear_specks(label: np.ndarray, smallest: int) -> np.ndarray:
    """Give connected parts of fewer than `smallest` pixels of labels (h, w) to the nearest larger part."""
    label = label.copy()
    small = np.zeros(label.shape, bool)
    for value in np.unique(label):
        parts, _ = ndimage.label(label == value)
        sizes = np.bincount(parts.ravel())
        sizes[0] = smallest
        small |= sizes[parts] < smallest
    if small.any() and not small.all():
        nearest = ndimage.distance_transform_edt(small, return_distances=False, return_indices=True)
        label = label[tuple(nearest)]
    return label


def fill_holes(label: np.ndarray, largest: int) -> np.ndarray:
    """Give parts of the rest, 0, of at most `largest` pixels to the class that alone encloses them.

    Of labels (h, w). A hole at the picture's border or between two classes stays.
    """
    label = label.copy()
    parts, _ = ndimage.label(label == 0)
    for part, where in enumerate(ndimage.find_objects(parts), 1):
        rows, columns = (slice(max(0, side.start - 1), side.stop + 1) for side in where)
        hole = parts[rows, columns] == part
        inside = (
            side.start > 0 and side.stop < length for side, length in zip(where, label.shape, strict=True)
        )
        if hole.sum() > largest or not all(inside):
            continue
        around = np.unique(label[rows, columns][ndimage.binary_dilation(hole) & ~hole])
        if len(around) == 1:
            label[rows, columns][hole] = around[0]
    return label
