"""The generator and the discriminator in PyTorch, named and shaped as the Swift engine names and shapes them.

Self-adversarial training (Chou, Chien, Chen 2017, arXiv 1707.02439) over stacked hourglasses (Newell, Yang, Deng
2016, arXiv 1603.06937). A parameter is called here what it is called in the engine's checkpoints, but for one word:
`modules` is a method of every PyTorch module, so the attribute is `residuals` and `named_tensors` renames it.

PyTorch computes in N x C x H x W with weights O x I x KH x KW; the engine, and every fixture, uses N x H x W x C and
KH x KW x I x O. `to_engine` and `from_engine` turn one into the other.
"""
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import nn


class Residual(nn.Module):
    """Pre-activation bottleneck: BN-ReLU-1x1(to o/2), BN-ReLU-3x3, BN-ReLU-1x1(to o), plus the input or its 1x1."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        half = out_channels // 2
        self.norm1, self.conv1 = nn.BatchNorm2d(in_channels), nn.Conv2d(in_channels, half, 1)
        self.norm2, self.conv2 = nn.BatchNorm2d(half), nn.Conv2d(half, half, 3, padding=1)
        self.norm3, self.conv3 = nn.BatchNorm2d(half), nn.Conv2d(half, out_channels, 1)
        self.skip = nn.Conv2d(in_channels, out_channels, 1) if in_channels != out_channels else None

    def forward(self, x):
        y = self.conv1(F.relu(self.norm1(x), True))
        y = self.conv2(F.relu(self.norm2(y), True))
        y = self.conv3(F.relu(self.norm3(y), True))
        return y + (x if self.skip is None else self.skip(x))


def chain(features, count):
    return nn.Sequential(*(Residual(features, features) for _ in range(count)))


class Hourglass(nn.Module):
    """upper(x) + nearest2(after(inner(before(maxpool2(x))))); inner is an hourglass one level smaller, or modules."""

    def __init__(self, depth, features, modules):
        super().__init__()
        self.upper, self.before = chain(features, modules), chain(features, modules)
        self.inner = Hourglass(depth - 1, features, modules) if depth > 1 else chain(features, modules)
        self.after = chain(features, modules)

    def forward(self, x):
        lower = self.after(self.inner(self.before(F.max_pool2d(x, 2))))
        return self.upper(x) + F.interpolate(lower, scale_factor=2)


class Stem(nn.Module):
    """From an image to features at a quarter of its size (generator), or at the heatmaps' own size (discriminator)."""

    def __init__(self, in_channels, widths, features, pools):
        super().__init__()
        first, second = widths
        self.pools = pools
        self.conv = nn.Conv2d(in_channels, first, 7, 2, 3) if pools else nn.Conv2d(in_channels, first, 3, 1, 1)
        self.norm = nn.BatchNorm2d(first)
        self.residual1, self.residual2 = Residual(first, second), Residual(second, second)
        self.residual3 = Residual(second, features)

    def forward(self, x):
        x = self.residual1(F.relu(self.norm(self.conv(x)), True))
        return self.residual3(self.residual2(F.max_pool2d(x, 2) if self.pools else x))


class Features(nn.Module):
    """1x1 convolution, batch norm, ReLU."""

    def __init__(self, features):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(features, features, 1), nn.BatchNorm2d(features)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)), True)


class Stack(nn.Module):
    """One hourglass with its heatmaps; `merges` where another stack follows and takes both back in."""

    def __init__(self, modules, features, depth, joints, merges):
        super().__init__()
        self.hourglass = Hourglass(depth, features, modules)
        self.residuals = chain(features, modules)
        self.features = Features(features)
        self.heatmaps = nn.Conv2d(features, joints, 1)
        self.merge_features = nn.Conv2d(features, features, 1) if merges else None
        self.merge_heatmaps = nn.Conv2d(joints, features, 1) if merges else None

    def forward(self, x):
        y = self.features(self.residuals(self.hourglass(x)))
        heatmaps = self.heatmaps(y)
        if self.merge_features is not None:
            x = x + self.merge_features(y) + self.merge_heatmaps(heatmaps)
        return x, heatmaps


class StackedHourglass(nn.Module):
    """The common body: a stem, then stacks; forward gives the heatmaps of every stack."""

    def __init__(self, in_channels, pools, stacks, modules, features, depth, joints, stem):
        super().__init__()
        self.stem = Stem(in_channels, stem, features, pools)
        self.stacks = nn.ModuleList(
            Stack(modules, features, depth, joints, merges=i + 1 < stacks) for i in range(stacks))

    def forward(self, x):
        x, outputs = self.stem(x), []
        for stack in self.stacks:
            x, heatmaps = stack(x)
            outputs.append(heatmaps)
        return outputs


class Generator(StackedHourglass):
    """Image to heatmaps a quarter of its size, one set a stack."""

    def __init__(self, stacks=4, modules=2, features=256, depth=4, joints=16, stem=(64, 128)):
        super().__init__(3, True, stacks, modules, features, depth, joints, stem)


class Discriminator(StackedHourglass):
    """(heatmaps, image) to reconstructed heatmaps: those of the last stack."""

    def __init__(self, stacks=1, modules=2, features=256, depth=4, joints=16, stem=(64, 128)):
        super().__init__(3 + joints, False, stacks, modules, features, depth, joints, stem)

    def forward(self, heatmaps, images):
        small = F.interpolate(images, size=heatmaps.shape[2:], mode="bilinear", align_corners=False)
        return super().forward(torch.cat([small, heatmaps], 1))[-1]


@contextmanager
def running_statistics_kept(network):
    """Batch norms still use the batch's statistics, but take none of them into the running ones."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True


def named_tensors(network, prefix):
    """Parameters and running statistics by the engine's names, in the byte order of those names, as live tensors."""
    tensors = {
        f"{prefix}.{name}".replace(".residuals.", ".modules."): tensor
        for name, tensor in [*network.named_parameters(), *network.named_buffers()]
        if not name.endswith("num_batches_tracked")
    }
    return dict(sorted(tensors.items()))


def named_parameters(network, prefix):
    return {n: t for n, t in named_tensors(network, prefix).items() if isinstance(t, nn.Parameter)}


def to_engine(tensor):
    """N x C x H x W to N x H x W x C; anything not of rank 4 as it is. (For a weight: `weight_to_engine`.)"""
    return tensor.detach().permute(0, 2, 3, 1).contiguous() if tensor.dim() == 4 else tensor.detach().contiguous()


def from_engine(tensor):
    return tensor.permute(0, 3, 1, 2).contiguous()


def weight_to_engine(tensor):
    """O x I x KH x KW to KH x KW x I x O; vectors as they are."""
    return tensor.detach().permute(2, 3, 1, 0).contiguous() if tensor.dim() == 4 else tensor.detach().contiguous()


def weight_from_engine(tensor):
    """KH x KW x I x O to O x I x KH x KW; vectors as they are."""
    return tensor.permute(3, 2, 0, 1).contiguous() if tensor.dim() == 4 else tensor


def randomise_norms(network, generator):
    """Scales, shifts and running statistics away from 1, 0, 0, 1, so that a mistake in any of them shows."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            size = module.weight.shape
            with torch.no_grad():
                module.weight.copy_(0.5 + torch.rand(size, generator=generator))
                module.bias.copy_(0.2 * torch.randn(size, generator=generator))
                module.running_mean.copy_(0.2 * torch.randn(size, generator=generator))
                module.running_var.copy_(0.5 + torch.rand(size, generator=generator))
