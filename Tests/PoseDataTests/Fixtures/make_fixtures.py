"""Writes the small files that the tests of PoseData read. Needs numpy, scipy, Pillow and
opencv-python-headless; run it in this folder.

joints.mat             14x3x3 doubles: image 1 wholly labelled, image 2 in part, image 3 not at all
joints-compressed.mat  the same, deflated
joints-*.mat           the same with one thing wrong
joints-lsp.mat         3x14x4 doubles: Leeds Sports Pose's order; in image 2 the left knee is hidden
release.mat            MPII's release in small: two people (flags as numbers, as text, and none; one without a head's box),
                       two who lack labels or a place, an image with nobody, one of the test set
release-deflated.mat   the same, deflated
grey.jpg cmyk.jpg      16x8 pixels: a ramp in one channel, and a picture in four
part-*.jpg             150x110 pixels of noise and edges, with colours and scans stored in every way
turned-N.jpg           one picture of 24x16 pixels, stored as a camera held in each of Exif's ways stores it; upright.png
                       is the picture as Pillow sets it upright
*.png                  4x2 pixels of grey, black and white, palette, transparent colour; 16 bits a channel
"""

import cv2
import numpy as np
from PIL import Image, ImageOps
from scipy.io import savemat


def joints():
    values = np.zeros((14, 3, 3))
    for joint in range(14):
        values[joint, :, 0] = [10 + joint, 20 + 3 * joint, 1]
        values[joint, :, 1] = [5.25 + 2 * joint, 40 - joint, 1]
        values[joint, :, 2] = [-1000 * joint, np.nan, 0]
    values[3, :, 1] = [-77, 99999, 0]
    values[13, :, 1] = [np.inf, 0, 0]
    return values


good = joints()
savemat("joints.mat", {"joints": good})
savemat("joints-compressed.mat", {"other": np.ones((2, 2)), "joints": good}, do_compression=True)
savemat("joints-single.mat", {"joints": good.astype(np.float32)})
savemat("joints-complex.mat", {"joints": good + 1j})
savemat("joints-13.mat", {"joints": good[:13]})
savemat("joints-matrix.mat", {"joints": good[:, :, 0]})
savemat("joints-unnamed.mat", {"points": good})
bad = joints()
bad[4, 0, 1] = np.nan
savemat("joints-nan.mat", {"joints": bad})
bad = joints()
bad[4, 2, 1] = 2
savemat("joints-flag.mat", {"joints": bad})

lsp = np.zeros((3, 14, 4))
for image in range(4):
    for joint in range(14):
        lsp[:, joint, image] = [10 + joint + image, 20 + 3 * joint, 0]
lsp[2, 4, 1] = 1
savemat("joints-lsp.mat", {"joints": lsp})


def structs(**fields):
    """A row of structs: each field is a list of as many values."""
    count = len(next(iter(fields.values())))
    array = np.zeros((1, count), dtype=[(name, object) for name in fields])
    for name, values in fields.items():
        for index, value in enumerate(values):
            array[0, index][name] = value
    return array


nothing = np.zeros((0, 0))
points = structs(point=[structs(
    x=[30.5, 41.0, 52.25], y=[61.0, 72.0, 83.0], id=[np.uint8(0), np.uint8(9), np.uint8(15)],
    is_visible=[np.uint8(0), nothing, np.uint8(1)])])
texts = structs(point=[structs(
    x=[np.uint16(100), 110.5], y=[120.0, 130.0], id=[6.0, 7.0], is_visible=["0", "1"])])
at = structs(x=[np.int16(200)], y=[150.0])
rects = structs(
    x1=[10.0, nothing, 1.0, 1.0], y1=[20.0, nothing, 1.0, 1.0], x2=[40.0, nothing, 5.0, 5.0],
    y2=[60.0, nothing, 5.0, 5.0], annopoints=[points, texts, nothing, points],
    scale=[2.0, np.float32(1.5), 2.0, nothing], objpos=[at, at, at, at])
tests = structs(scale=[1.0], objpos=[at])
release = structs(
    annolist=[structs(
        image=[structs(name=["a.jpg"]), structs(name=["b.jpg"]), structs(name=["c.jpg"])],
        annorect=[rects, nothing, tests], frame_sec=[nothing, 3.0, nothing], vididx=[nothing, 1.0, nothing])],
    img_train=[np.array([[1.0, 1.0, 0.0]])], version=["12"],
    single_person=[np.array([[np.array([[1.0], [2.0]])], [nothing], [1.0]], dtype=object)])
savemat("release.mat", {"RELEASE": release})
savemat("release-deflated.mat", {"other": np.ones((2, 2)), "RELEASE": release}, do_compression=True)

ramp = np.tile(np.arange(16, dtype=np.uint8) * 16, (8, 1))
Image.fromarray(ramp, "L").save("grey.jpg", quality=100)
Image.fromarray(np.dstack([ramp] * 4), "CMYK").save("cmyk.jpg", quality=50)

# Red to the right, green downwards, blue in the upper left quarter.
picture = np.zeros((16, 24, 3), np.uint8)
picture[..., 0] = np.arange(24) * 10
picture[..., 1] = np.arange(16)[:, None] * 15
picture[:8, :12, 2] = 200
stored = {1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
          5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
          8: Image.Transpose.ROTATE_270}
for value, way in stored.items():
    image = Image.fromarray(picture)
    if way is not None:
        image = image.transpose(way)
    exif = Image.Exif()
    exif[0x010F] = "maker"
    exif[0x0112] = value
    image.save(f"turned-{value}.jpg", quality=100, subsampling=0, exif=exif)
    # Pillow agrees on what is upright.
    upright = np.asarray(ImageOps.exif_transpose(Image.open(f"turned-{value}.jpg"))).astype(int)
    assert np.abs(upright - picture).max() <= 8, value
Image.fromarray(picture).save("upright.png")

grey = np.array([[0, 50, 100, 255], [10, 20, 30, 40]], np.uint8)
Image.fromarray(grey, "L").save("grey.png")
Image.fromarray(grey > 45).save("bits.png")
Image.fromarray(np.dstack([grey, grey // 2, 255 - grey])).quantize(8).save("palette.png")
Image.fromarray(np.dstack([grey, grey // 2, 255 - grey, np.full_like(grey, 51)]), "RGBA").save("clear.png")
Image.fromarray(grey.astype(np.uint16) * 257).save("deep.png")

random = np.random.default_rng(7)
rows, columns = np.mgrid[:110, :150]
noise = random.integers(0, 256, (110, 150, 3))
edges = np.dstack([(columns // 9 % 2) * 255, (rows // 7 % 2) * 255, ((rows + columns) // 11 % 2) * 255])
part = Image.fromarray(((noise + 2 * edges) // 3).astype(np.uint8))
for name, subsampling in ("444", "4:4:4"), ("422", "4:2:2"), ("420", "4:2:0"):
    part.save(f"part-{name}.jpg", quality=60, subsampling=subsampling)
for name, factors in ("440", cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440), ("411", cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411):
    cv2.imwrite(f"part-{name}.jpg", np.asarray(part)[..., ::-1],
                [cv2.IMWRITE_JPEG_QUALITY, 60, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factors])
part.convert("L").save("part-grey.jpg", quality=60)
part.save("part-progressive.jpg", quality=60, subsampling="4:2:0", progressive=True)
part.save("part-restarts.jpg", quality=60, subsampling="4:2:0", restart_marker_blocks=3)
for value in range(2, 9):
    # Multiples of 8, so that all are reduced.
    exif = Image.Exif()
    exif[0x0112] = value
    part.crop((0, 0, 144, 104)).save(f"part-turned-{value}.jpg", quality=60, subsampling="4:2:0", exif=exif)
