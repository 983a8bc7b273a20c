"""A picture whose calm and busy places are known."""

import torch


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def landscape() -> torch.Tensor:
    """Draw a soft sky over a busy ground: (1, 3, 128, 128)."""
    rows, columns = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    sky = 0.6 + 0.02 * torch.sin(columns / 6) + 0.02 * torch.cos(rows / 4)
    ground = 0.4 + 0.2 * noise(128, 128)
    return torch.where(rows < 64, sky, ground).clamp(0, 1).expand(1, 3, -1, -1).contiguous()
