#!/usr/bin/env python3
"""Trains the same networks, by the same method, in PyTorch: the run to compare the Swift program's with.

    train_pytorch.py --data annotations.json [--images FOLDER]      any exported set (poses.Poses says the format)
    train_pytorch.py --lspet FOLDER [--export annotations.json]     Leeds Sports Pose Extended, or only its annotations

The step is the fast one: channels_last, one pass of D on the fake for both players, a malloc that keeps its pages.
check_fast_step.py holds it against step.py. One JSON line an epoch.
"""
import argparse
import json
import os
import resource
import sys
import time

KEEP = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 34), "MALLOC_TOP_PAD_": str(1 << 28)}
if __name__ == "__main__" and os.environ.get("MALLOC_MMAP_MAX_") != "0":
    os.environ.update(KEEP)
    os.execv(sys.executable, [sys.executable] + sys.argv)

import numpy as np  # noqa: E402
import safetensors.torch  # noqa: E402
import torch  # noqa: E402

from networks import Discriminator, Generator, named_tensors, running_statistics_kept  # noqa: E402
from networks import weight_from_engine, weight_to_engine  # noqa: E402
from poses import PCK, Draw, Poses, batches, read_annotations, read_lspet  # noqa: E402
from step import Options, loss, next_balance  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add, flag = parser.add_argument, argparse.BooleanOptionalAction
    add("--data"), add("--images", help="default: the annotations' own folder")
    add("--lspet"), add("--split", nargs=2, default=["1-3600", "3601-4000"]), add("--export")
    add("--limit-train", type=int), add("--limit-valid", type=int)
    add("--resolution", type=int, default=128), add("--sigma", type=float, default=1.0)
    add("--cut", type=float, default=0.0), add("--augment", action=flag, default=True)
    add("--stacks", type=int, default=2), add("--modules", type=int, default=1)
    add("--features", type=int, default=128), add("--depth", type=int, default=4)
    add("--stem", type=int, nargs=2, default=[64, 128])
    add("--d-stacks", type=int, default=1), add("--d-modules", type=int, help="default: as --modules")
    add("--d-features", type=int, help="default: as --features")
    add("--d-depth", type=int, help="default: as --depth")
    add("--epochs", type=int, default=10), add("--batch", type=int, default=8), add("--shards", type=int, default=1)
    add("--lr-generator", type=float, default=2.5e-4), add("--lr-discriminator", type=float, default=8e-5)
    add("--schedule", choices=["constant", "cosine"], default="constant", help="of the generator's rate, down to 0")
    add("--adversarial", action=flag, default=True), add("--lambda-g", type=float, default=1e-4)
    add("--lambda-k", type=float, default=1e-3), add("--gamma", type=float, default=0.5)
    add("--k-initial", type=float, default=0.0), add("--reduction", choices=["mean", "sum"], default="mean")
    add("--balance", choices=["absolute", "relative"], default="absolute")
    add("--target-gradient", action=flag, default=True)
    add("--refresh-discriminator", action=flag, default=False)
    add("--seed", type=int, default=0), add("--threads", type=int, default=1)
    add("--evaluate-every", type=int, default=1)
    add("--initial", help="safetensors to start from, names as the engine's")
    add("--save", help="safetensors to write")
    return parser.parse_args()


def fast_step(generator, discriminator, optimizer_g, optimizer_d, shards, kt, options, adversarial=True):
    """One step over shards of equal size, each (images, heatmaps, mask); returns the whole batch's losses and k_{t+1}.

    With g the derivative of L_fake by D's output, D's parameters take -k_t times their part of g, and Ch gains
    lambda_G (J_D' g - tau g): one backward pass of L_fake gives both.
    """
    share, totals, waiting = 1 / len(shards), dict.fromkeys(("mse", "adv", "real", "fake"), 0.0), []
    optimizer_g.zero_grad()
    optimizer_d.zero_grad()
    adversarial_gradients = dict.fromkeys(discriminator.parameters(), None)
    for images, heatmaps, mask in shards:
        outputs = generator(images)
        mse = share * sum(loss(output, heatmaps, mask, options.reduction) for output in outputs)
        totals["mse"] += mse.item()
        if not adversarial:
            mse.backward()
            continue
        real = share * loss(discriminator(heatmaps, images), heatmaps, mask, options.reduction)
        fake = outputs[-1].detach().requires_grad_(True)
        taught = share * loss(discriminator(fake, images), fake if options.target_gradient else fake.detach(), mask,
                              options.reduction)
        gradient, *parts = torch.autograd.grad(taught, [fake, *adversarial_gradients])
        real.backward()
        for parameter, part in zip(adversarial_gradients, parts):
            parameter.grad.sub_(part, alpha=kt)
        totals["real"] += real.item()
        totals["fake"] += taught.item()
        if options.refresh_discriminator:
            waiting.append((mse, outputs[-1], images, mask))
        else:
            totals["adv"] += taught.item()
            torch.autograd.backward([mse, outputs[-1]], [None, options.lambda_g * gradient])
    if adversarial:
        optimizer_d.step()
        for mse, output, images, mask in waiting:
            fake = output.detach().requires_grad_(True)
            with running_statistics_kept(discriminator):
                target = fake if options.target_gradient else fake.detach()
                taught = share * loss(discriminator(fake, images), target, mask, options.reduction)
            (gradient,) = torch.autograd.grad(taught, fake)
            totals["adv"] += taught.item()
            torch.autograd.backward([mse, output], [None, options.lambda_g * gradient])
        kt_next = next_balance(kt, totals["real"], totals["fake"], options)
    optimizer_g.step()
    return totals, kt_next if adversarial else kt


def split_statistics(network, shards):
    """Each step takes in `shards` batches of statistics, which together must weigh what one batch does."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1 - 0.9 ** (1 / shards)


@torch.inference_mode()
def evaluate(generator, poses, options):
    pck = PCK(poses, options.resolution)
    lists = [range(i, min(i + options.batch, len(poses))) for i in range(0, len(poses), options.batch)]
    generator.eval()
    for indices, images, _, _ in batches(
            poses, lists, options.resolution, options.sigma, options.cut, lambda index: Draw(), options.threads):
        pck.add(indices, generator(images.to(memory_format=torch.channels_last))[-1])
    generator.train()
    return pck


def epoch_batches(poses, epoch, options):
    order = np.random.default_rng([options.seed, epoch]).permutation(len(poses)).tolist()
    lists = [order[i:i + options.batch] for i in range(0, len(order) - options.batch + 1, options.batch)]
    draw = (lambda index: Draw.at_random(options.seed, epoch, index)) if options.augment else (lambda index: Draw())
    for _, images, heatmaps, mask in batches(
            poses, lists, options.resolution, options.sigma, options.cut, draw, options.threads):
        yield [tuple(t.contiguous(memory_format=torch.channels_last) if t.dim() == 4 else t for t in shard)
               for shard in zip(*(t.chunk(options.shards) for t in (images, heatmaps, mask)))]


def build(options, joints):
    torch.manual_seed(options.seed)
    networks = dict(
        generator=Generator(options.stacks, options.modules, options.features, options.depth, joints, options.stem),
        discriminator=Discriminator(options.d_stacks, options.d_modules or options.modules,
                                    options.d_features or options.features, options.d_depth or options.depth, joints,
                                    options.stem))
    if options.initial:
        stored = safetensors.torch.load_file(options.initial)
        with torch.no_grad():
            for prefix, network in networks.items():
                for name, tensor in named_tensors(network, prefix).items():
                    tensor.copy_(weight_from_engine(stored[name]))
    for network in networks.values():
        network.to(memory_format=torch.channels_last)
        split_statistics(network, options.shards)
    return networks


def main():
    options = arguments()
    if bool(options.data) == bool(options.lspet):
        sys.exit("one of --data and --lspet is needed")
    if options.batch % options.shards:
        sys.exit(f"--shards {options.shards} does not divide --batch {options.batch}")
    torch.set_num_threads(options.threads)
    annotations = read_lspet(options.lspet, *options.split) if options.lspet else read_annotations(options.data)
    if options.export:
        with open(options.export, "w") as file:
            json.dump(annotations, file)
        return
    images = options.images or options.lspet or os.path.dirname(os.path.abspath(options.data))
    train = Poses(annotations, images, "train", options.limit_train)
    valid = Poses(annotations, images, "valid", options.limit_valid)
    if len(train) < options.batch:
        sys.exit(f"{len(train)} samples to train on, fewer than a batch of {options.batch}")

    networks = build(options, train.joints.shape[1])
    generator, discriminator = networks.values()
    optimizer_g = torch.optim.RMSprop(generator.parameters(), options.lr_generator, alpha=0.99, eps=1e-8)
    optimizer_d = torch.optim.Adam(discriminator.parameters(), options.lr_discriminator, betas=(0.9, 0.999), eps=1e-8)
    method = Options(options.reduction, options.target_gradient, options.refresh_discriminator, options.lambda_g,
                     options.lambda_k, options.gamma, options.balance)
    print(json.dumps(dict(peer="pytorch " + torch.__version__, **vars(options), train_samples=len(train),
                          valid_samples=len(valid), parameters_generator=sum(p.numel() for p in generator.parameters()),
                          parameters_discriminator=sum(p.numel() for p in discriminator.parameters()))), flush=True)
    kt, steps = options.k_initial, 0
    for epoch in range(1, options.epochs + 1):
        start, sums, count, kts = time.perf_counter(), {}, 0, [1.0, 0.0]
        for shards in epoch_batches(train, epoch - 1, options):
            if options.schedule == "cosine":
                done = (steps + count) / (options.epochs * (len(train) // options.batch))
                for group in optimizer_g.param_groups:
                    group["lr"] = options.lr_generator * 0.5 * (1 + np.cos(np.pi * done))
            losses, kt = fast_step(
                generator, discriminator, optimizer_g, optimizer_d, shards, kt, method, options.adversarial)
            if not np.isfinite(list(losses.values())).all():
                sys.exit(f"step {steps + 1}: not finite: {losses}")
            sums = {name: sums.get(name, 0.0) + value for name, value in losses.items()}
            count, kts = count + 1, [min(kts[0], kt), max(kts[1], kt)]
        steps += count
        seconds = time.perf_counter() - start
        line = dict({f"loss_{name}": value / count for name, value in sums.items()}, epoch=epoch, step=steps, kt=kt,
                    kt_range=kts, seconds=round(seconds, 2),
                    images_per_second=round(count * options.batch / seconds, 2))
        if epoch % options.evaluate_every == 0 or epoch == options.epochs:
            pck = evaluate(generator, valid, options)
            line.update(pck=pck.value, per_joint=pck.per_joint)
        line.update(peak_rss_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        print(json.dumps(line), flush=True)
    if options.save:
        named = {name: weight_to_engine(tensor) for prefix, network in networks.items()
                 for name, tensor in named_tensors(network, prefix).items()}
        safetensors.torch.save_file(named, options.save, metadata=dict(kt=repr(kt), step=str(steps)))


if __name__ == "__main__":
    main()
