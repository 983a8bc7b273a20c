"""Pictures in layers, for people who go on elsewhere: OpenRaster, which Krita, GIMP and MyPaint open.

A zip of PNGs and a list of them (openraster.org, baseline 0.0.5).
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from stylizer.errors import PictureError, Sentence
from stylizer.imaging.files import write_whole
from stylizer.imaging.mask_files import full_size
from stylizer.imaging.picture import Picture, encode_picture
from stylizer.imaging.regions import REST, WHOLE, Regions
from stylizer.imaging.resize import fit_within, resize_picture

MIMETYPE = "image/openraster"
THUMBNAIL_SIDE = 256


@dataclass(frozen=True)
class PictureLayer:
    """One layer: its name and what it shows; all layers of a picture have one size."""

    name: str
    picture: Picture


def layers_of(photo: Picture, painted: Picture, regions: Regions | None = None) -> list[PictureLayer]:
    """List the layers of a painted photo from the bottom: the photo, the painting, a cut-out of each region.

    Region layers repeat what the painting shows, so all together look like the painting, and one that is
    switched off with the painting shows the photo there.
    """
    photo = resize_picture(photo, painted.height, painted.width)
    layers = [PictureLayer("Photo", photo), PictureLayer("Painting", painted)]
    if regions is None:
        return layers
    for name, mask in zip(regions.names, full_size(regions, photo), strict=True):
        if mask.any():
            shown = mask.astype(np.float32) / WHOLE
            if painted.alpha is not None:
                shown = shown * (painted.alpha / np.float32(painted.peak))
            alpha = np.rint(shown * painted.peak).astype(painted.rgb.dtype)
            title = "The rest" if name == REST else name[:1].upper() + name[1:]
            layers.append(PictureLayer(title, Picture(painted.rgb, alpha, title)))
    return layers


def save_layers(path: str | os.PathLike[str], layers: Sequence[PictureLayer], merged: Picture) -> None:
    """Write layers, the bottom one first, and what they look like together; raises PictureError."""
    path, pack = Path(path), io.BytesIO()
    image = ElementTree.Element(
        "image", version="0.0.5", w=str(merged.width), h=str(merged.height), xres="300", yres="300"
    )
    stack = ElementTree.SubElement(image, "stack")
    with zipfile.ZipFile(pack, "w", zipfile.ZIP_STORED) as file:
        file.writestr("mimetype", MIMETYPE)  # first and not packed: programs look for it there
        for number, layer in reversed(list(enumerate(layers))):  # the list begins with the topmost
            place = f"data/layer{number}.png"
            file.writestr(place, encode_picture(layer.picture, "png"))
            facts = {"name": layer.name, "src": place, "x": "0", "y": "0", "opacity": "1.0"}
            facts |= {"visibility": "visible", "composite-op": "svg:src-over"}
            ElementTree.SubElement(stack, "layer", facts)
        file.writestr("stack.xml", ElementTree.tostring(image, encoding="UTF-8", xml_declaration=True))
        file.writestr("mergedimage.png", encode_picture(merged, "png"))
        small = fit_within(merged, THUMBNAIL_SIDE)
        file.writestr("Thumbnails/thumbnail.png", encode_picture(small, "png"))
    try:
        write_whole(path, pack.getvalue())
    except OSError as error:
        reason = error.strerror or Sentence("the disk refused it")
        raise PictureError(
            "{name} could not be written: {reason}; choose another folder.", name=path.name, reason=reason
        ) from error
