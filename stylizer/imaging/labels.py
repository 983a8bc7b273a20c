"""From the probabilities of classes to regions that an artist can trust."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

from stylizer.imaging.guided import refine_to_edges
from stylizer.imaging.regions import REST, Regions, regions_from_weights

SMALLEST_PART = 0.0012
"""Share of the picture below which a part of a class is a speck: 20 x 25 pixels of 768 x 576."""
SMALLEST_REGION = 0.004
"""Share of the picture below which a class counts as absent."""
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
    is the rest. Specks go to what is around them, classes that hardly occur are left out, and the borders
    follow the photo's edges.
    """
    size = photo.shape[2], photo.shape[3]
    probabilities = F.interpolate(probabilities[None].float(), size=size, mode="bilinear", antialias=True)[0]
    most, label = probabilities.max(0)
    label = torch.where(most >= unsure, label + 1, 0)  # 0 is the rest
    for name in ignored:
        if name in names:
            label[label == names.index(name) + 1] = 0
    places = clear_specks(label.cpu().numpy(), round(SMALLEST_PART * label.numel()))
    shares = np.bincount(places.ravel(), minlength=len(names) + 1) / places.size
    found = [place for place in range(1, len(names) + 1) if shares[place] >= SMALLEST_REGION]
    places[~np.isin(places, found)] = 0
    masks = torch.from_numpy(np.stack([places == place for place in (0, *found)])).float().to(photo.device)
    return regions_from_weights(refine_to_edges(masks, photo), (REST, *(names[place - 1] for place in found)))


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
