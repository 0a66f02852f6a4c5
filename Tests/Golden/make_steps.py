"""Writes steps.safetensors: five steps of a float32 run, and what float64 says the gradients were at each of them.

Depth-4 networks, new data every step. The float32 engine is compared with the float64 gradients, tensor by tensor; how
far PyTorch's own float32 lies from them, in NCHW and in channels_last, is stored as the measure of what float32 can do.
README.md lists the names, and says why the two measures differ so much.
"""
import copy
import itertools

import torch

import fixtures
from networks import Discriminator, Generator, from_engine, to_engine
from step import Options, step

torch.set_num_threads(1)

GENERATOR = dict(stacks=2, modules=1, features=16, depth=4, joints=5, stem=(8, 16))
DISCRIMINATOR = dict(GENERATOR, stacks=1)
BATCH, RESOLUTION, SIZE, STEPS = 4, 128, 32, 5
KT_INITIAL = 0.3
METHOD = dict(lambda_g=0.1, lambda_k=1e-3, gamma=0.5)
RATES = dict(generator=2.5e-4, discriminator=8e-5)
RUN = Options(**METHOD)  # the trajectory's: mean, target gradient, not refreshed
VARIANTS = [Options("mean", target, refresh, **METHOD)
            for target, refresh in itertools.product((True, False), (False, True))]
LAYOUTS = dict(nchw=torch.contiguous_format, nhwc=torch.channels_last)
TOTALS = [Options("sum", True, refresh, **METHOD) for refresh in (False, True)]


def optimizers(networks):
    g, d = networks.values()
    return dict(generator=torch.optim.RMSprop(g.parameters(), RATES["generator"], alpha=0.99, eps=1e-8),
                discriminator=torch.optim.Adam(d.parameters(), RATES["discriminator"], betas=(0.9, 0.999), eps=1e-8))


def scene(random):
    """Smooth coloured noise as bytes (N x H x W x C), Gaussians of sigma 1, and labels of which some are missing."""
    coarse = torch.rand(BATCH, 3, RESOLUTION // 8, RESOLUTION // 8, generator=random)
    smooth = torch.nn.functional.interpolate(coarse, size=(RESOLUTION, RESOLUTION), mode="bicubic")
    noise = 0.1 * torch.randn(smooth.shape, generator=random)
    images = to_engine(((smooth + noise) * 255).round().clamp(0, 255)).to(torch.uint8)
    mask = (torch.rand(BATCH, GENERATOR["joints"], generator=random) < 0.8).float()
    centres = torch.rand(BATCH, GENERATOR["joints"], 2, 1, 1, generator=random) * SIZE - 0.5
    rows, columns = torch.meshgrid(torch.arange(float(SIZE)), torch.arange(float(SIZE)), indexing="ij")
    squares = (columns - centres[:, :, 0]) ** 2 + (rows - centres[:, :, 1]) ** 2
    return images, torch.exp(-squares / 2) * mask[:, :, None, None], mask


def in_form(thing, dtype, memory_format=torch.contiguous_format):
    """A network (copied), or a tensor, in another precision or memory layout."""
    if isinstance(thing, torch.Tensor):
        return thing.to(dtype, memory_format=memory_format) if thing.dim() == 4 else thing.to(dtype)
    return copy.deepcopy(thing).to(dtype).to(memory_format=memory_format)


def restore(network, optimizer, state):
    """Adam's moments as stored, in the precision of the network."""
    for parameter, (first, second, count) in zip(network.parameters(), state):
        optimizer.state[parameter] = dict(
            step=torch.tensor(float(count)), exp_avg=first.to(parameter.dtype).clone(),
            exp_avg_sq=second.to(parameter.dtype).clone())


def one_step(networks, adam, data, kt, options, dtype, memory_format=torch.contiguous_format):
    """One step from this state in the given precision and layout, leaving the state as it was."""
    nets = {prefix: in_form(network, dtype, memory_format) for prefix, network in networks.items()}
    rules = optimizers(nets)
    restore(nets["discriminator"], rules["discriminator"], adam)
    inputs = [in_form(t, dtype, memory_format) for t in data]
    values, kt_next, *gradients = step(*nets.values(), *rules.values(), *inputs, kt, options)
    named = {p: fixtures.in_name_order(nets[p], p, g) for p, g in zip(nets, gradients)}
    return dict(values, kt_next=kt_next), named


def distances(networks, adam, data, kt, options, exact):
    """|g32 - g64| / |g64| of every tensor in name order, by network and by memory layout."""
    result = {}
    for layout, memory_format in LAYOUTS.items():
        _, single = one_step(networks, adam, data, kt, options, torch.float32, memory_format)
        for prefix, named in exact.items():
            relative = [(single[prefix][name].double() - g).norm() / g.norm() for name, g in named.items()]
            result[prefix, layout] = torch.stack(relative)
    return result


def main():
    torch.manual_seed(20240705)
    random = torch.Generator().manual_seed(20240706)
    networks = dict(generator=Generator(**GENERATOR), discriminator=Discriminator(**DISCRIMINATOR))
    rules = optimizers(networks)
    tensors, kt, results, zero = {}, KT_INITIAL, [], {}
    for number in range(STEPS):
        place = f"step{number}"
        images, heatmaps, mask = scene(random)
        tensors.update({f"{place}.images": images, f"{place}.heatmaps": to_engine(heatmaps), f"{place}.mask": mask})
        record_state(tensors, place, networks, rules["discriminator"])
        data = from_engine(images.float() / 255), heatmaps, mask
        adam = [(s.get("exp_avg", torch.zeros_like(p)), s.get("exp_avg_sq", torch.zeros_like(p)), number)
                for p in networks["discriminator"].parameters() for s in [rules["discriminator"].state[p]]]

        result = dict(kt=kt)
        for options in VARIANTS:
            result[options.name], exact = one_step(networks, adam, data, kt, options, torch.float64)
            away = distances(networks, adam, data, kt, options, exact)
            for prefix, named in exact.items():
                if prefix == "generator" or options == RUN:  # D's gradient is the same in every variant
                    tensors[f"{place}.{options.name}.{prefix}.gradients"] = fixtures.flat(named.values()).float()
                    for layout in LAYOUTS:
                        name = f"{place}.{options.name}.{prefix}.distances_{layout}"
                        tensors[name] = away[prefix, layout].float()
                zero[prefix] = fixtures.zero_gradients(named)
            report(place, options, result, exact, away, zero)
        for options in TOTALS:
            result[options.name], _ = one_step(networks, adam, data, kt, options, torch.float64)
        check_totals(networks, adam, data, kt)

        values, kt_next, _, _ = step(*networks.values(), *rules.values(), *data, kt, RUN)
        result["float32"] = dict(values, kt_next=kt_next)
        results.append(result)
        kt = kt_next
    fixtures.save("steps", tensors, dict(
        generator=GENERATOR, discriminator=DISCRIMINATOR, batch=BATCH, **METHOD, learning_rates=RATES,
        layouts=fixtures.layouts(networks), zero_gradients=zero, results=results))


def record_state(tensors, place, networks, adam):
    for prefix, network in networks.items():
        tensors[f"{place}.{prefix}.parameters"] = fixtures.flat_parameters(network, prefix)
        tensors[f"{place}.{prefix}.statistics"] = fixtures.flat_statistics(network, prefix)
    for moment in ("exp_avg", "exp_avg_sq"):
        tensors[f"{place}.discriminator.{moment}"] = fixtures.flat_moment(
            networks["discriminator"], "discriminator", adam, moment)


def check_totals(networks, adam, data, kt):
    """Gradients of `sum` are those of `mean` times M h w, so that only `mean` need be stored."""
    scale = GENERATOR["joints"] * SIZE * SIZE
    _, mean = one_step(networks, adam, data, kt, RUN, torch.float64)
    _, total = one_step(networks, adam, data, kt, TOTALS[0], torch.float64)
    for prefix in mean:
        a, b = (fixtures.flat(named[prefix].values()) for named in (mean, total))
        assert (scale * a - b).norm() <= 1e-12 * b.norm()


def report(place, options, result, exact, away, zero):
    losses = result[options.name]
    print(f"{place} {options.name} kt {result['kt']:.6f} mse {losses['loss_mse']:.5f} real {losses['loss_real']:.5f} "
          f"fake {losses['loss_fake']:.5f} adv {losses['loss_adv']:.5f}", end="")
    for (prefix, layout), relative in away.items():
        kept = torch.tensor([d for d, name in zip(relative.tolist(), exact[prefix]) if name not in zero[prefix]])
        print(f" | {prefix} {layout} median {kept.median():.1e} worst {kept.max():.1e}", end="")
    print(flush=True)


if __name__ == "__main__":
    main()
