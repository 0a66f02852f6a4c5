"""Writes double_step.safetensors: one whole step in float64, in every variant of the method.

Two small networks whose every kind of tensor takes part (two stacks in G, so that the merges do). The engine built with
EQUIPOISE_PRECISION=double must agree to rounding. README.md lists the names.
"""
import copy
import itertools

import torch

import fixtures
from networks import Discriminator, Generator, named_parameters, randomise_norms, to_engine
from step import Options, next_balance, step

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

GENERATOR = dict(stacks=2, modules=1, features=16, depth=1, joints=3, stem=(8, 16))
DISCRIMINATOR = dict(GENERATOR, stacks=1)
BATCH, RESOLUTION, SIZE = 4, 32, 8
KT = 0.3
METHOD = dict(lambda_g=0.1, lambda_k=1e-3, gamma=0.5)
RATES = dict(generator=2.5e-4, discriminator=8e-5)
UPDATED = ("mean.tg1.r0", "sum.tg0.r1")  # the variants whose networks are stored after the step


def variants():
    for reduction, target, refresh in itertools.product(("mean", "sum"), (True, False), (False, True)):
        yield Options(reduction, target, refresh, **METHOD)


def scene(random):
    """Images, blobs a pixel or two wide, and which joints are labelled: one image lacks two of three, one has none."""
    images = torch.rand(BATCH, 3, RESOLUTION, RESOLUTION, generator=random)
    mask = torch.tensor([[1, 1, 1], [1, 0, 0], [0, 1, 1], [0, 0, 0]], dtype=torch.float64)
    centres = torch.rand(BATCH, GENERATOR["joints"], 2, 1, 1, generator=random) * SIZE - 0.5
    rows, columns = torch.meshgrid(torch.arange(float(SIZE)), torch.arange(float(SIZE)), indexing="ij")
    squares = (columns - centres[:, :, 0]) ** 2 + (rows - centres[:, :, 1]) ** 2
    return images, torch.exp(-squares / 2) * mask[:, :, None, None], mask


def main():
    torch.manual_seed(20240703)
    random = torch.Generator().manual_seed(20240704)
    networks = dict(generator=Generator(**GENERATOR), discriminator=Discriminator(**DISCRIMINATOR))
    for network in networks.values():
        randomise_norms(network, random)
    images, heatmaps, mask = scene(random)
    tensors = dict(images=to_engine(images), heatmaps=to_engine(heatmaps), mask=mask)
    for prefix, network in networks.items():
        tensors[f"initial.{prefix}.parameters"] = fixtures.flat_parameters(network, prefix)
        tensors[f"initial.{prefix}.statistics"] = fixtures.flat_statistics(network, prefix)
    record_forward(tensors, *copy.deepcopy(list(networks.values())), images)

    results, zero = {}, {}
    for options in variants():
        nets = copy.deepcopy(networks)
        g, d = nets["generator"], nets["discriminator"]
        optimizers = dict(
            generator=torch.optim.RMSprop(g.parameters(), RATES["generator"], alpha=0.99, eps=1e-8),
            discriminator=torch.optim.Adam(d.parameters(), RATES["discriminator"], betas=(0.9, 0.999), eps=1e-8))
        losses, kt_next, *gradients = step(g, d, *optimizers.values(), images, heatmaps, mask, KT, options)
        relative = next_balance(KT, losses["loss_real"], losses["loss_fake"], Options(balance="relative", **METHOD))
        results[options.name] = dict(losses, kt_next=kt_next, kt_next_relative=relative)
        for prefix, gradient in zip(nets, gradients):
            tensors[f"{options.name}.{prefix}.gradients"] = fixtures.flat_gradients(nets[prefix], prefix, gradient)
            zero[prefix] = fixtures.zero_gradients(fixtures.in_name_order(nets[prefix], prefix, gradient))
        if options.name in UPDATED:
            for prefix, network in nets.items():
                record_updated(tensors, f"{options.name}.{prefix}", network, prefix, optimizers[prefix])

    check(tensors, results)
    fixtures.save("double_step", tensors, dict(
        generator=GENERATOR, discriminator=DISCRIMINATOR, batch=BATCH, kt=KT, **METHOD, learning_rates=RATES,
        layouts=fixtures.layouts(networks), zero_gradients=zero, results=results))
    for name, values in results.items():
        print(name, {key: float(f"{value:.6g}") for key, value in values.items()})


def record_forward(tensors, generator, discriminator, images):
    """What the initial networks give, with the batch's statistics and (eval) with the running ones, untouched."""
    for mode in ("eval", "train"):
        outputs = generator.train(mode == "train")(images)
        reconstructed = discriminator.train(mode == "train")(outputs[-1], images)
        for number, output in enumerate(outputs):
            tensors[f"forward.{mode}.stack{number}"] = to_engine(output)
        tensors[f"forward.{mode}.reconstructed"] = to_engine(reconstructed)


def record_updated(tensors, place, network, prefix, optimizer):
    tensors[f"{place}.parameters"] = fixtures.flat_parameters(network, prefix)
    tensors[f"{place}.statistics"] = fixtures.flat_statistics(network, prefix)
    for moment in ("square_avg",) if prefix == "generator" else ("exp_avg", "exp_avg_sq"):
        tensors[f"{place}.{moment}"] = fixtures.flat_moment(network, prefix, optimizer, moment)


def check(tensors, results):
    """What must hold between variants, so that a mistake in this script cannot become a golden value."""
    def close(a, b):
        assert (tensors[a] - tensors[b]).norm() <= 1e-12 * tensors[b].norm(), (a, b)

    scale = GENERATOR["joints"] * SIZE * SIZE
    for tail in ("tg1.r0", "tg0.r0"):
        for network in ("generator", "discriminator"):
            mean, total = (tensors[f"{reduction}.{tail}.{network}.gradients"] for reduction in ("mean", "sum"))
            assert (scale * mean - total).norm() <= 1e-12 * total.norm()
        for key in ("loss_mse", "loss_adv", "loss_real", "loss_fake"):
            assert abs(scale * results[f"mean.{tail}"][key] / results[f"sum.{tail}"][key] - 1) < 1e-13
    for reduction in ("mean", "sum"):  # D's gradient does not know how G will be taught
        for tail in ("tg0.r0", "tg1.r1", "tg0.r1"):
            close(f"{reduction}.{tail}.discriminator.gradients", f"{reduction}.tg1.r0.discriminator.gradients")
        a, b = results[f"{reduction}.tg1.r0"], results[f"{reduction}.tg1.r1"]
        assert a["loss_adv"] == a["loss_fake"] == b["loss_fake"] != b["loss_adv"]
    mean, plain = (tensors[f"mean.{tail}.generator.gradients"] for tail in ("tg1.r0", "tg0.r0"))
    assert (mean - plain).norm() > 0.01 * mean.norm()


if __name__ == "__main__":
    main()
