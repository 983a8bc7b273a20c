"""The list of architectures: one name, one class, sentences for what is not there."""

from dataclasses import dataclass

import pytest
from torch import nn

from stylizer.models.registry import UnknownArchitectureError, architecture, architectures, find, find_for


@dataclass(frozen=True)
class SketchConfig:
    width: int = 2


@architecture("test-sketch", role="stylizer", config=SketchConfig)
class Sketch(nn.Module):
    def __init__(self, config: SketchConfig):
        super().__init__()
        self.config = config


def test_a_registered_network_is_found_by_name_and_by_instance():
    assert find("test-sketch").network is Sketch
    assert find_for(Sketch(SketchConfig())).config is SketchConfig
    assert "test-sketch" in [entry.name for entry in architectures("stylizer")]


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UnknownArchitectureError, match=r"'tardis' is unknown; known are .*test-sketch"):
        find("tardis")


def test_a_stranger_network_is_not_found():
    with pytest.raises(UnknownArchitectureError, match="Linear is not registered"):
        find_for(nn.Linear(1, 1))


def test_a_name_is_given_once():
    with pytest.raises(ValueError, match="already taken"):
        architecture("test-sketch", role="stylizer", config=SketchConfig)(nn.Linear)


def test_role_and_config_are_checked():
    @dataclass
    class Loose:
        width: int = 2

    with pytest.raises(ValueError, match="role is 'wizard'; known roles are"):
        architecture("test-other", role="wizard", config=SketchConfig)
    with pytest.raises(ValueError, match="must be a frozen dataclass"):
        architecture("test-other", role="stylizer", config=dict)
    with pytest.raises(ValueError, match="can be changed"):
        architecture("test-other", role="stylizer", config=Loose)
