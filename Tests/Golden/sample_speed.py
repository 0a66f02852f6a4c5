#!/usr/bin/env python3
"""Training samples a second: Equipoise beside the same work with Pillow and NumPy, and with OpenCV and NumPy.

    sample_speed.py --data annotations.json [--images FOLDER] [--resolution 128] [--seconds 5] [--tries 3]
                    [--program .build/release/equipoise]

The file is of kind `keypoints` (docs/data.md). Each sample is decoded, turned, scaled, mirrored and coloured by the same
distributions, cropped bilinearly to the input, and its heatmaps drawn; one thread each, in turn. Pillow and OpenCV decode at
1/2, 1/4 or 1/8 where the crop allows it, as ours does. Rates are per second of the processor's time. Needs numpy, Pillow
and opencv-python-headless.
"""

import argparse
import json
import math
import pathlib
import statistics
import subprocess
import time

import cv2
import numpy as np
from PIL import Image

cv2.setNumThreads(1)
root = pathlib.Path(__file__).resolve().parents[2]


def draw(random):
    scale = 2 ** np.clip(random.normal(0, 0.25), -0.5, 0.5)
    angle = math.radians(np.clip(random.normal(0, 30), -60, 60)) if random.random() < 0.4 else 0.0
    return scale, angle, random.random() < 0.5, random.uniform(0.6, 1.4, 3)


def matrix(sample, resolution, scale, angle, flip):
    """2x3: a point of the input to one of the photograph, pixel centres at whole numbers."""
    pixels = sample["side"] * scale / resolution
    c, s, mirror = math.cos(angle) * pixels, math.sin(angle) * pixels, -1 if flip else 1
    middle = (resolution - 1) / 2
    (x, y), turn = sample["center"], np.array([[mirror * c, s], [-mirror * s, c]])
    return np.column_stack([turn, np.array([x, y]) - turn @ [middle, middle]]), pixels


def reduced(pixels):
    return next((k for k in (8, 4, 2) if k <= pixels), 1)


def with_pillow(path, way, pixels, resolution):
    image = Image.open(path)
    k = reduced(pixels)
    image.draft("RGB", (-(-image.width // k), -(-image.height // k)))
    whole = Image.open(path).size
    k = round(whole[0] / image.width)
    image = image.convert("RGB")
    # Pillow's grid has its pixel centres at halves.
    a = way.copy()
    a[:, 2] += a[:, :2] @ [-0.5, -0.5] + 0.5
    image = image.transform((resolution, resolution), Image.Transform.AFFINE, (a / k).ravel(), Image.Resampling.BILINEAR)
    return np.asarray(image)


def with_opencv(path, way, pixels, resolution):
    flags = {1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}
    k = reduced(pixels)
    image = cv2.imread(str(path), flags[k])
    a = way / k
    a[:, 2] += 0.5 / k - 0.5
    image = cv2.warpAffine(image, a, (resolution, resolution), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return image[..., ::-1]


def heatmaps(points, labelled, size, sigma):
    axis = np.arange(size)
    maps = np.zeros((len(points), size, size), np.float32)
    for joint, ((x, y), shown) in enumerate(zip(points, labelled)):
        if shown and -0.5 <= x < size - 0.5 and -0.5 <= y < size - 0.5:
            across = np.exp(-((axis - x) ** 2) / (2 * sigma * sigma))
            down = np.exp(-((axis - y) ** 2) / (2 * sigma * sigma))
            maps[joint] = down[:, None] * across
    return maps


def prepare(sample, images, crop, resolution, mirrored, random):
    scale, angle, flip, gain = draw(random)
    way, pixels = matrix(sample, resolution, scale, angle, flip)
    pixels_of_input = crop(images / sample["image"], way, pixels, resolution)
    image = np.clip(pixels_of_input.astype(np.float32) * (gain / 255).astype(np.float32), 0, 1)
    joints = np.array(sample["joints"], float)
    points = np.linalg.solve(way[:, :2], (joints[:, :2] - way[:, 2]).T).T
    if flip:
        points, joints = points[mirrored], joints[mirrored]
    return image, heatmaps((points + 0.5) / 4 - 0.5, joints[:, 2] > 0, resolution // 4, 1.0)


def rate_of(crop, annotations, images, options):
    skeleton, random = annotations["skeleton"], np.random.default_rng(0)
    mirrored = list(range(len(skeleton["joints"])))
    for left, right in skeleton["flip_pairs"]:
        mirrored[left], mirrored[right] = right, left
    order = random.permutation(annotations["train"])
    for index in order[:8]:
        prepare(annotations["samples"][index], images, crop, options.resolution, mirrored, random)
    start, count = time.process_time(), 0
    while time.process_time() - start < options.seconds:
        prepare(annotations["samples"][order[count % len(order)]], images, crop, options.resolution, mirrored, random)
        count += 1
    return count / (time.process_time() - start)


def rate_of_ours(options):
    batch = min(16, len(json.loads(options.data.read_text())["train"]))
    command = [options.program, "bench", "data", "--json", "--seconds", str(options.seconds), "--config",
               root / "configs/lspet.yaml"]
    keys = {"data.kind": "keypoints", "data.path": options.data, "data.images": options.images.resolve(),
            "data.split.train": "train", "data.split.valid": "train", "data.input_resolution": options.resolution,
            "train.batch": batch, "train.shards": 1}
    for key, value in keys.items():
        command += ["--set", f"{key}={value}"]
    said = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if said.returncode:
        raise SystemExit(said.stderr)
    return json.loads(said.stdout)["samples_per_cpu_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--images", type=pathlib.Path)
    parser.add_argument("--resolution", type=int, default=128)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--tries", type=int, default=3)
    parser.add_argument("--program", default=root / ".build/release/equipoise")
    options = parser.parse_args()
    options.images = options.images or options.data.parent
    annotations = json.loads(options.data.read_text())
    rates = {"Equipoise": [], "Pillow": [], "OpenCV": []}
    for _ in range(options.tries):
        rates["Equipoise"].append(rate_of_ours(options))
        rates["Pillow"].append(rate_of(with_pillow, annotations, options.images, options))
        rates["OpenCV"].append(rate_of(with_opencv, annotations, options.images, options))
    ours = statistics.median(rates["Equipoise"])
    print("| samples a second of one core | tries | median | ours over it |\n| --- | --- | --- | --- |")
    for name, tries in rates.items():
        median = statistics.median(tries)
        print(f"| {name} | {', '.join(f'{t:.0f}' for t in tries)} | {median:.0f} | {ours / median:.2f} |")


if __name__ == "__main__":
    main()
