#!/usr/bin/env python3
"""Times the step in PyTorch, for launch/peer: the same networks and losses as `equipoise bench step`, k_t at 0.1.

    time_step.py --preset small --batch 8 --threads 2 [--variant tuned|published] [--bf16] [--steps 5]

tuned      channels_last, one pass of D on the fake for both players, an allocator that keeps its pages
published  as the method's public program steps: D on the detached fake, its update, then D again for the generator

Prints one line of JSON: seconds of a step (least and median), images a second, peak memory.
"""
import argparse
import json
import os
import resource
import sys
import time

PRESETS = {  # input side, then the generator's and the discriminator's (stacks, modules, features), joints
    "paper": (256, (4, 2, 256), (1, 2, 256), 16),
    "hg2": (256, (2, 1, 256), (1, 1, 256), 16),
    "small": (128, (2, 1, 128), (1, 1, 128), 14),
    "tiny": (64, (1, 1, 64), (1, 1, 64), 14),
}
LAMBDA_G, LAMBDA_K, GAMMA, STEM, DEPTH = 1e-4, 1e-3, 0.5, (64, 128), 4

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--preset", choices=PRESETS, default="paper")
parser.add_argument("--batch", type=int, default=2)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--steps", type=int, default=5)
parser.add_argument("--variant", choices=["tuned", "published"], default="tuned")
parser.add_argument("--bf16", action="store_true", help="autocast to bfloat16")
options = parser.parse_args()

if options.variant == "tuned" and os.environ.get("MALLOC_MMAP_MAX_") != "0":
    os.environ.update(MALLOC_MMAP_MAX_="0", MALLOC_TRIM_THRESHOLD_=str(1 << 34), MALLOC_TOP_PAD_=str(1 << 28))
    os.execv(sys.executable, [sys.executable] + sys.argv)

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

from networks import Discriminator, Generator  # noqa: E402

side, (stacks, modules, features), (d_stacks, d_modules, d_features), joints = PRESETS[options.preset]
torch.set_num_threads(options.threads)
torch.manual_seed(0)
generator = Generator(stacks, modules, features, DEPTH, joints, STEM)
discriminator = Discriminator(d_stacks, d_modules, d_features, DEPTH, joints, STEM)
images, heatmaps = torch.rand(options.batch, 3, side, side), torch.rand(options.batch, joints, side // 4, side // 4)
if options.variant == "tuned":
    for network in (generator, discriminator):
        network.to(memory_format=torch.channels_last)
    images, heatmaps = (x.contiguous(memory_format=torch.channels_last) for x in (images, heatmaps))
optimizer_g = torch.optim.RMSprop(generator.parameters(), 2.5e-4)
optimizer_d = torch.optim.Adam(discriminator.parameters(), 8e-5)


def tuned(kt, outputs, mse, real):
    """-k_t g for D and J'g for the fake out of one backward pass of L_fake."""
    leaf = outputs[-1].detach().requires_grad_(True)
    fake = F.mse_loss(discriminator(leaf, images).float(), leaf)
    optimizer_d.zero_grad()
    fake.backward()
    for parameter in discriminator.parameters():
        parameter.grad.mul_(-kt)
    real.backward()
    optimizer_g.zero_grad()
    torch.autograd.backward([mse, outputs[-1]], [None, LAMBDA_G * leaf.grad])
    optimizer_d.step()
    optimizer_g.step()
    return fake


def published(kt, outputs, mse, real):
    detached = outputs[-1].detach()
    fake = F.mse_loss(discriminator(detached, images).float(), detached)
    optimizer_d.zero_grad()
    (real - kt * fake).backward()
    optimizer_d.step()
    again = F.mse_loss(discriminator(outputs[-1], images).float(), outputs[-1])
    optimizer_g.zero_grad()
    (mse + LAMBDA_G * again).backward()
    optimizer_g.step()
    return fake


def step(kt):
    with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
        outputs = [output.float() for output in generator(images)]
        mse = sum(F.mse_loss(output, heatmaps) for output in outputs)
        real = F.mse_loss(discriminator(heatmaps, images).float(), heatmaps)
        fake = dict(tuned=tuned, published=published)[options.variant](kt, outputs, mse, real)
    return min(1.0, max(0.0, kt + LAMBDA_K * (GAMMA * real.item() - fake.item())))


kt, seconds = step(0.1), []
for _ in range(options.steps):
    start = time.perf_counter()
    kt = step(kt)
    seconds.append(time.perf_counter() - start)
seconds.sort()
median = seconds[len(seconds) // 2]
print(json.dumps(dict(
    peer="pytorch " + torch.__version__, preset=options.preset, variant=options.variant,
    precision="bf16" if options.bf16 else "fp32", batch=options.batch, threads=options.threads,
    step_seconds_min=round(seconds[0], 4), step_seconds_median=round(median, 4),
    images_per_second=round(options.batch / median, 3),
    peak_rss_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    parameters_generator=sum(p.numel() for p in generator.parameters()),
    parameters_discriminator=sum(p.numel() for p in discriminator.parameters()))))
