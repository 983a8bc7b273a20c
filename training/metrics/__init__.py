"""Figures of merit: pure functions of tensors, with the formula in each docstring."""
