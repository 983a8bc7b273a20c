"""bfloat16 is taken where it is multiplied by the device itself, and nowhere else."""

import pytest
import torch

from stylizer.models import number_type
from stylizer.models.masterwork_losses import relaxed_distance


@pytest.mark.parametrize(("has_it", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_processors_are_asked_whether_they_multiply_it(monkeypatch, has_it, dtype):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has_it)
    assert number_type.fast_type("cpu") == dtype
    with number_type.fast_arithmetic(torch.device("cpu")):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype


@pytest.mark.parametrize("has_it", [True, False])
def test_neighbors_are_found_with_either(monkeypatch, has_it):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has_it)
    drawn, wanted = torch.eye(8), torch.eye(8).flip(0)
    assert relaxed_distance(drawn, wanted).abs() < 1e-5
