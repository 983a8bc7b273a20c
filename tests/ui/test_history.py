"""Undo and redo of what was decided about regions."""

import numpy as np
import torch

from stylizer.imaging import regions as operations
from stylizer.imaging.regions import REST, WHOLE, Regions, whole
from stylizer.ui import limits
from stylizer.ui.history import History
from stylizer.ui.region_edits import PackedEdits, RegionEdits
from stylizer.ui.steps import Steps


def test_steps_can_be_undone_and_redone():
    history = History(whole((4, 4)), most=2)
    first = history.push(operations.add_to(history.present, "a", np.eye(4)))
    second = history.push(operations.grow(first, "a", 1))
    assert history.undo() == first and history.undo() == whole((4, 4)) and not history.can_undo
    assert history.redo() == first and history.redo() == second and not history.can_redo
    assert history.push(second) is second and history.undo() == first
    third = history.push(operations.invert(first, "a"))
    assert history.redo() == third
    history.push(operations.grow(third, "a", 1))
    assert [history.undo(), history.undo(), history.undo()] == [third, first, first]


def noisy(count, seed):
    """Draw regions whose masks cannot be packed."""
    chance = torch.Generator().manual_seed(seed)
    noise = torch.randint(0, 256 // count, (count - 1, 240, 320), generator=chance).numpy()
    masks = np.concatenate([WHOLE - noise.sum(0, keepdims=True), noise]).astype(np.uint8)
    return RegionEdits(Regions(masks, (REST, *(f"region {place}" for place in range(1, count)))))


def test_steps_are_come_back_to_with_the_same_masks():
    steps, drawn = Steps(), [noisy(3, seed) for seed in range(3)]
    for edits in drawn:
        steps.note("moss", (("strength", 50),), edits)
    _, step = steps.go_back(False)
    assert step.edits.unpacked() == drawn[1]
    _, step = steps.go_back(False)
    assert step.edits.unpacked() == drawn[0] and steps.go_back(False) is None


def test_masks_that_cannot_be_packed_take_the_oldest_steps_along(monkeypatch):
    """Otherwise 40 steps of 16 regions would hold 0.4 GB for one visitor."""
    monkeypatch.setattr(limits, "STEPS_BYTES", 5_000_000)
    steps = Steps()
    for seed in range(12):
        steps.note("moss", (), noisy(16, seed))
    sizes = [len(steps.go_back(False)[1].edits.masks)]
    while (went := steps.go_back(False)) is not None:
        sizes.append(len(went[1].edits.masks))
    assert sum(sizes) <= 5_000_000 and len(sizes) >= 1


def test_a_step_that_changes_no_mask_packs_none(monkeypatch):
    edits, packed = noisy(3, 0), []
    pack = PackedEdits.of
    monkeypatch.setattr(PackedEdits, "of", lambda given: packed.append(given) or pack(given))
    steps = Steps()
    for strength in range(20):
        steps.note("moss", (("strength", strength),), edits)
    assert len(packed) == 1
