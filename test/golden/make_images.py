"""Writes test/golden/images: small pictures of many kinds, and what Pillow makes of them (expected.json).

    python test/golden/make_images.py        # Pillow 13.0.0, numpy
"""

import base64
import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

folder = pathlib.Path(__file__).parent / "images"
folder.mkdir(exist_ok=True)
rng = np.random.default_rng(0)
H, W = 9, 13


def encode(data):
    return base64.b64encode(data).decode()


def write_png(name, bits, colour_type, samples):
    """Pillow cannot write 16-bit colour."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = samples.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n" + data)


smooth = (np.add.outer(np.arange(H) * 13, np.arange(W) * 9)[..., None] + np.array([0, 40, 90])).astype(np.uint8)
rgb = Image.fromarray(smooth)
rgb.save(folder / "rgb.png")
rgb.save(folder / "rgb.jpg", quality=80)
rgb.save(folder / "progressive.jpg", quality=80, progressive=True)
rgb.save(folder / "rgb.webp", quality=80)
rgb.save(folder / "rgb.tif")
rgb.convert("L").save(folder / "grey.png")
rgb.convert("L").save(folder / "grey.jpg")
rgb.convert("1").save(folder / "bilevel.png")
rgba = rgb.convert("RGBA")
rgba.putalpha(Image.fromarray(rng.integers(0, 256, (H, W), dtype=np.uint8)))
rgba.save(folder / "alpha.png")
rgba.convert("LA").save(folder / "grey-alpha.png")
palette = rgb.quantize(16)
palette.save(folder / "palette.png")
palette.save(folder / "palette-alpha.png", transparency=3)
palette.save(folder / "animated.gif", save_all=True, append_images=[Image.new("P", (W, H))])
cmyk = Image.fromarray(rng.integers(0, 256, (H, W, 4), dtype=np.uint8), "CMYK")
cmyk.save(folder / "cmyk.tif")
cmyk.save(folder / "cmyk.jpg", quality=95)
write_png("rgb16.png", 16, 2, rng.integers(0, 65536, (H, W, 3)).astype(">u2"))
write_png("rgba16.png", 16, 6, rng.integers(0, 65536, (H, W, 4)).astype(">u2"))
for orientation in range(2, 9):
    exif = Image.Exif()
    exif[274] = orientation
    rgb.save(folder / f"exif-{orientation}.jpg", quality=90, exif=exif.tobytes())

decoded = {}
for path in sorted(folder.iterdir()):
    if path.suffix != ".json":
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        decoded[path.name] = {"width": image.width, "height": image.height, "rgb": encode(image.tobytes())}

resized = []
for (width, height), (to_width, to_height) in [
    ((13, 9), (5, 4)),
    ((13, 9), (13, 9)),
    ((13, 9), (29, 20)),
    ((40, 7), (16, 8)),
    ((3, 50), (8, 9)),
    ((1, 1), (4, 4)),
    ((61, 47), (7, 1)),
    ((10, 31), (8, 25)),
    ((31, 10), (25, 8)),
    ((10, 30), (20, 60)),
]:
    pixels = rng.choice(np.array([0, 1, 128, 254, 255], np.uint8), (height, width, 3))
    out = Image.fromarray(pixels).resize((to_width, to_height), Image.BICUBIC)
    case = {"width": width, "height": height, "toWidth": to_width, "toHeight": to_height}
    resized.append({**case, "rgb": encode(pixels.tobytes()), "resized": encode(out.tobytes())})

text = json.dumps({"pillow": Image.__version__, "decoded": decoded, "resized": resized}, indent=1)
(folder / "expected.json").write_text(text + "\n")
