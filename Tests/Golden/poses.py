"""Annotated photographs for train_pytorch.py: reading, cropping, augmenting, drawing heatmaps, scoring.

Coordinates are 0-based with a pixel's centre at whole numbers, in photographs, inputs and heatmaps alike. What is drawn
at random for a sample is a function of (seed, epoch, sample).
"""
import json
import math
import pathlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

LSP_SKELETON = dict(
    joints=["right ankle", "right knee", "right hip", "left hip", "left knee", "left ankle", "right wrist",
            "right elbow", "right shoulder", "left shoulder", "left elbow", "left wrist", "neck", "head top"],
    flip_pairs=[[0, 5], [1, 4], [2, 3], [6, 11], [7, 10], [8, 9]], limbs=[],
    torso=[9, 2])


def read_lspet(folder, train="1-3600", valid="3601-4000"):
    """Leeds Sports Pose Extended in the annotation format below; the box is 1.5 times the labelled joints' own."""
    import scipy.io

    table = scipy.io.loadmat(pathlib.Path(folder) / "joints.mat")["joints"]
    samples, split = [], {}
    for name, text in dict(train=train, valid=valid).items():
        first, last = (int(number) for number in text.split("-"))
        split[name] = list(range(len(samples), len(samples) + last - first + 1))
        for number in range(first, last + 1):
            image, joints = f"images/im{number:05d}.jpg", table[:, :, number - 1]
            labelled = joints[:, 2] == 1
            places = np.where(labelled[:, None], joints[:, :2] - 1, 0)
            low, high = (f(places[labelled], axis=0) if labelled.any() else np.zeros(2) for f in (np.min, np.max))
            centre, side = (low + high) / 2, 1.5 * (high - low).max()
            if side == 0:  # fewer than two different points: the whole picture
                size = np.array(Image.open(pathlib.Path(folder) / image).size)
                centre, side = (size - 1) / 2, size.max()
            samples.append(dict(image=image, joints=[[x, y, int(l)] for (x, y), l in zip(places.tolist(), labelled)],
                                center=centre.tolist(), side=float(side)))
    return dict(skeleton=LSP_SKELETON, samples=samples, **split)


class Poses:
    """One split of an annotation file.

    {"skeleton": {"joints": [names], "flip_pairs": [[i, j], ...], "torso": [left shoulder, right hip]},
     "samples": [{"image": PATH, "joints": [[x, y, labelled], ...], "center": [x, y], "side": s}, ...],
     "train": [places in samples], "valid": [...]}          (or the samples themselves in these two lists)
    """

    def __init__(self, annotations, images, split, limit=None):
        entries = annotations[split][:limit]
        self.samples = [annotations["samples"][e] if isinstance(e, int) else e for e in entries]
        self.images = pathlib.Path(images)
        self.joints = torch.tensor([s["joints"] for s in self.samples], dtype=torch.float64)
        self.torso = annotations["skeleton"]["torso"]
        self.mirrored = list(range(self.joints.shape[1]))
        for left, right in annotations["skeleton"]["flip_pairs"]:
            self.mirrored[left], self.mirrored[right] = right, left

    def __len__(self):
        return len(self.samples)

    def photograph(self, index):
        with Image.open(self.images / self.samples[index]["image"]) as image:
            return image.convert("RGB")


@dataclass(frozen=True)
class Draw:
    """What happens to one sample in one epoch; angle clockwise as the picture is seen, in radians."""
    scale: float = 1.0
    angle: float = 0.0
    flip: bool = False
    gain: tuple = (1.0, 1.0, 1.0)

    @staticmethod
    def at_random(seed, epoch, index):
        random = np.random.default_rng([seed, epoch, index])
        scale = 2 ** np.clip(random.normal(0, 0.25), -0.5, 0.5)
        angle = math.radians(np.clip(random.normal(0, 30), -60, 60))
        turns, flips = random.random(2)
        return Draw(scale, angle if turns < 0.4 else 0.0, bool(flips < 0.5), tuple(random.uniform(0.6, 1.4, 3)))


class Crop:
    """input = flip(rotation (photograph - centre)) * resolution / side + (resolution - 1) / 2"""

    def __init__(self, sample, resolution, draw):
        self.pixels = sample["side"] * draw.scale / resolution
        self.centre = torch.tensor(sample["center"], dtype=torch.float64)
        self.middle = (resolution - 1) / 2
        cosine, sine = math.cos(draw.angle), math.sin(draw.angle)
        mirror = -1 if draw.flip else 1
        self.matrix = torch.tensor([[mirror * cosine, -mirror * sine], [sine, cosine]], dtype=torch.float64)

    def to_input(self, points):
        return (points - self.centre) @ self.matrix.T / self.pixels + self.middle

    def to_photograph(self, points):
        return (points - self.middle) @ self.matrix * self.pixels + self.centre


def cut(photograph, crop, resolution, gain):
    """The input, 3 x resolution x resolution in 0...1: averaged over blocks, then bilinear, black outside."""
    factor = max(1, int(crop.pixels))
    corners = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float64) * (resolution - 1)
    ends = crop.to_photograph(corners)
    low = [max(0, int(v // factor - 1) * factor) for v in ends.min(0).values.tolist()]
    high = [min(-(-size // factor), int(v // factor + 3)) * factor
            for v, size in zip(ends.max(0).values.tolist(), photograph.size)]
    if low[0] >= high[0] or low[1] >= high[1]:
        return torch.zeros(3, resolution, resolution)
    region = photograph.crop((*low, *high)).reduce(factor)
    pixels = torch.from_numpy(np.array(region)).permute(2, 0, 1).float() / 255
    axis = torch.arange(resolution, dtype=torch.float64)
    points = crop.to_photograph(torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1).reshape(-1, 2))
    points = (points - torch.tensor(low) + 0.5) / factor  # from the region's edge, in blocks
    grid = (2 * points / torch.tensor(region.size) - 1).float().reshape(1, resolution, resolution, 2)
    image = F.grid_sample(pixels[None], grid, mode="bilinear", padding_mode="zeros", align_corners=False)[0]
    return (image * torch.tensor(gain, dtype=torch.float32)[:, None, None]).clamp(0, 1)


def draw_heatmaps(points, labelled, size, sigma, lowest):
    """Gaussians of peak 1 at exact places (M x 2), out to 3 sigma; and the mask: labelled and inside the map."""
    mask = labelled & ((points >= -0.5) & (points < size - 0.5)).all(1)
    axis = torch.arange(size, dtype=torch.float64)
    squares = (axis - points[:, :1])[:, None, :] ** 2 + (axis - points[:, 1:])[:, :, None] ** 2
    maps = torch.exp(-squares / (2 * sigma * sigma))
    maps = torch.where((squares <= 9 * sigma * sigma) & (maps >= lowest) & mask[:, None, None], maps, 0.0)
    return maps.float(), mask.float()


def batches(poses, lists, resolution, sigma, lowest, draw, threads):
    """Yields (indices, images, heatmaps, mask) for each list of indices, prepared `threads` samples at a time ahead."""
    size = resolution // 4

    def prepare(index):
        sample, what = poses.samples[index], draw(index)
        crop = Crop(sample, resolution, what)
        order = poses.mirrored if what.flip else list(range(len(poses.mirrored)))
        joints = poses.joints[index][order]
        points = (crop.to_input(joints[:, :2]) + 0.5) * (size / resolution) - 0.5
        maps = draw_heatmaps(points, joints[:, 2] > 0, size, sigma, lowest)
        return cut(poses.photograph(index), crop, resolution, what.gain), *maps

    with ThreadPoolExecutor(threads) as pool:
        ahead = []
        for indices in lists:
            ahead.append((indices, [pool.submit(prepare, i) for i in indices]))
            if len(ahead) > 2:
                indices, waiting = ahead.pop(0)
                yield indices, *map(torch.stack, zip(*(w.result() for w in waiting)))
        for indices, waiting in ahead:
            yield indices, *map(torch.stack, zip(*(w.result() for w in waiting)))


def decode(heatmaps):
    """Places (N x M x 2) of the largest values, a quarter pixel towards the larger neighbour, none at the border."""
    count, joints, height, width = heatmaps.shape
    best = heatmaps.flatten(2).argmax(2)
    row, column = best // width, best % width
    padded = F.pad(heatmaps, (1, 1, 1, 1)).flatten(2)
    at = (row + 1) * (width + 2) + column + 1

    def offset(stride, inside):
        after, before = (padded.gather(2, (at + s)[..., None])[..., 0] for s in (stride, -stride))
        return torch.where(inside, torch.sign(after - before) * 0.25, 0.0)

    x = column + offset(1, (column > 0) & (column < width - 1))
    y = row + offset(width + 2, (row > 0) & (row < height - 1))
    return torch.stack([x, y], -1).double()


class PCK:
    """Share of labelled joints within 0.2 of the torso; people without both torso joints are left out."""

    def __init__(self, poses, resolution, alpha=0.2):
        self.poses, self.resolution, self.alpha = poses, resolution, alpha
        self.correct = torch.zeros(poses.joints.shape[1])
        self.total = torch.zeros_like(self.correct)

    def add(self, indices, heatmaps):
        scale = self.resolution / heatmaps.shape[3]
        for index, places in zip(indices, decode(heatmaps)):
            crop = Crop(self.poses.samples[index], self.resolution, Draw())
            found = crop.to_photograph((places + 0.5) * scale - 0.5)
            truth = self.poses.joints[index]
            shoulder, hip = truth[self.poses.torso]
            torso = (shoulder - hip)[:2].norm()
            if shoulder[2] and hip[2] and torso > 0:
                labelled = truth[:, 2] > 0
                self.total += labelled
                self.correct += labelled & ((found - truth[:, :2]).norm(dim=1) <= self.alpha * torso)

    @property
    def value(self):
        return (self.correct.sum() / self.total.sum()).item()

    @property
    def per_joint(self):
        return [round(v, 4) if t else None for v, t in zip((self.correct / self.total).tolist(), self.total)]


def read_annotations(path):
    return json.loads(pathlib.Path(path).read_text())
