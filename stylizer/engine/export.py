"""Write the networks as ONNX, and hold each against the network that it came from."""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from stylizer.engine.library import Library
from stylizer.engine.onnx_graphs import Painting, Segmentation, StyleReading, Translation, plain_sums
from stylizer.errors import RequestError
from stylizer.imaging.files import write_whole

OPSET = 18
SIZES = ((75, 101), (64, 200), (333, 250))
"""Heights and widths at which a graph is held against its network; odd, and no multiples of anything."""
TOLERANCE = 1e-3
"""Largest difference that counts as equal, in pixel values of [0, 1]: a quarter of a step of 8 bits."""
_TRACED = (75, 101)  # odd, or the padding would be forgotten


@dataclass(frozen=True)
class Graph:
    """A network to be written: its file's name, its module, example inputs, and the largest side it takes."""

    name: str
    module: nn.Module
    inputs: dict[str, Tensor]
    output: str
    largest: int = 0

    def example(self, height: int, width: int, seed: int) -> dict[str, Tensor]:
        """Return inputs with another picture, of a size."""
        generator = torch.Generator().manual_seed(seed)
        picture = next(iter(self.inputs))
        return {**self.inputs, picture: torch.rand(1, 3, height, width, generator=generator)}


@dataclass(frozen=True)
class Exported:
    """What was written: the file, its inputs and output with their shapes, and how it compares.

    `difference` is the largest over the sizes that were tried; `seconds` and `torch_seconds` are the shortest
    of three runs at the last of them, in one thread; `largest` is the longest side that it takes, 0 for any.
    """

    file: str
    inputs: dict[str, list[int | str]]
    output: str
    difference: float
    seconds: float
    torch_seconds: float
    largest: int = 0


def export_networks(library: Library, folder: Path, names: tuple[str, ...] = ()) -> Iterator[Exported]:
    """Write painter, style encoder, translators and segmenter of a library as ONNX files in a folder.

    `names` choose some: "painter", "style-encoder", "segmenter", or a translator's. Yields each as soon as it
    is written and compared. Raises RequestError for a name that is not there, without the packages that are
    needed, and for a graph that does not paint what its network paints.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError:
        raise RequestError("to export, two packages more are needed: pip install onnx onnxruntime") from None
    known = [card.name for card in library.models if card.role in ("stylizer", "translator", "segmenter")]
    known += ["style-encoder"] if "painter" in known else []
    for name in names:
        if name not in known:
            raise RequestError(f"there is no {name[:60]!r} to export; there are {', '.join(known)}")
    for name in names or sorted(known):
        graph = _graph(library, name)
        folder.mkdir(parents=True, exist_ok=True)
        with plain_sums(), torch.no_grad():
            data = _traced(graph)
        exported = compare(graph, data, folder / f"{name}.onnx")
        if exported.difference > TOLERANCE:
            raise RequestError(f"{name} differs by {exported.difference:.2g} as ONNX; nothing was written")
        write_whole(folder / f"{name}.onnx", data)
        yield exported


def _graph(library: Library, name: str) -> Graph:
    """Load a network, and say how it is traced."""
    photo = torch.zeros(1, 3, *_TRACED)
    if name in ("painter", "style-encoder"):
        painter: Any = library.load_painter().float().eval()
        if name == "style-encoder":
            return Graph(name, StyleReading(painter).eval(), {"style": photo}, "code")
        code = 0.3 * torch.randn(
            1, painter.code_size + painter.adapter_size, generator=torch.Generator().manual_seed(1)
        )
        code[:, painter.root_part] = code[:, painter.root_part].abs()
        inputs = {"photo": photo, "code": code, "strength": torch.tensor([0.8])}
        return Graph(name, Painting(painter).eval(), inputs, "painting")
    role = next(card.role for card in library.models if card.name == name)
    if role == "segmenter":
        segmenter: Any = library.load_segmenter().float().eval()
        return Graph(name, Segmentation(segmenter).eval(), {"photo": photo}, "probabilities")
    translator: Any = library.load_model(name, role).float().eval()
    count = len(translator.domains)
    mix = torch.arange(1, count + 1) / (count * (count + 1) / 2)
    # colorizers look at large photos small, and enlarge their colors outside of the network
    largest = translator.config.work_side if translator.tiling == "whole" else 0
    return Graph(name, Translation(translator).eval(), {"photo": photo, "mix": mix}, "picture", largest)


def _traced(graph: Graph) -> bytes:
    """Return the bytes of an ONNX file for pictures of any size."""
    height, width = (_odd(min(side, graph.largest or side)) for side in _TRACED)
    inputs = graph.example(height, width, 0)
    sides = {2: "height", 3: "width"}
    free = {next(iter(inputs)): sides} | ({} if graph.output == "code" else {graph.output: sides})
    file: Any = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of shapes that become constants; `compare` tries other shapes
        torch.onnx.export(
            graph.module,
            tuple(inputs.values()),
            file,
            input_names=list(inputs),
            output_names=[graph.output],
            dynamic_axes=free,
            opset_version=OPSET,
            dynamo=False,  # the newer exporter wants sizes that fit the strides
        )
    return file.getvalue()


def _odd(side: int) -> int:
    return side - (side + 1) % 2


def compare(graph: Graph, data: bytes, file: Path) -> Exported:
    """Run a graph by ONNX Runtime and its network by torch on pictures of several sizes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    shapes = {entry.name: list(entry.shape) for entry in session.get_inputs()}  # one domain needs no mix
    threads, difference, times = torch.get_num_threads(), 0.0, (0.0, 0.0)
    sizes = [size for size in SIZES if not graph.largest or max(size) <= graph.largest] or [(17, 23)]
    torch.set_num_threads(1)
    try:
        with torch.no_grad():
            for seed, (height, width) in enumerate(sizes):
                inputs = graph.example(height, width, seed)
                fed = {key: value.numpy() for key, value in inputs.items() if key in shapes}
                wanted, found = graph.module(*inputs.values()), session.run(None, fed)[0]
                difference = max(difference, float((torch.from_numpy(found) - wanted).abs().max()))
            times = (
                _shortest(lambda: session.run(None, fed)),
                _shortest(lambda: graph.module(*inputs.values())),
            )
    finally:
        torch.set_num_threads(threads)
    return Exported(file.name, shapes, graph.output, difference, *times, graph.largest)


def _shortest(run: Any) -> float:
    times = []
    for _ in range(3):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)
