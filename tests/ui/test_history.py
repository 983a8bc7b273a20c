"""Undo and redo of what was decided about regions."""

import numpy as np

from stylizer.imaging import regions as operations
from stylizer.imaging.regions import whole
from stylizer.ui.history import History


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
