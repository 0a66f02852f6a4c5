"""Writes steps.safetensors: five steps of a float32 run, and what float64 says the gradients were at each of them.

Depth-4 networks, new data every step. The float32 engine is compared with the float64 gradients, tensor by tensor, and
with the losses; how far PyTorch's own float32 lies from them, in the arrangements of arrangements.py, is stored as the
measure of what float32 can do. README.md lists the names, and says why the measures of both layouts differ so much.
"""
import copy
import itertools

import torch

import arrangements
import fixtures
from arrangements import Arrangement, gathered, scattered
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


def one_step(networks, adam, data, kt, options, dtype, arrangement=Arrangement()):
    """One step from this state in the given precision and arrangement, leaving the state as it was."""
    nets = {prefix: in_form(network, dtype, arrangement.memory_format) for prefix, network in networks.items()}
    origins = {prefix: arrangement.channels(network) for prefix, network in nets.items()}
    for prefix, network in nets.items():
        with torch.no_grad():
            for parameter, values in zip(network.parameters(), gathered(list(network.parameters()), origins[prefix])):
                parameter.copy_(values)
    rules = optimizers(nets)
    firsts, seconds, counts = zip(*adam)
    restore(nets["discriminator"], rules["discriminator"], zip(
        gathered(firsts, origins["discriminator"]), gathered(seconds, origins["discriminator"]), counts))
    inputs = [in_form(t, dtype, arrangement.memory_format) for t in arrangement.data(*data)]
    values, kt_next, *gradients = step(*nets.values(), *rules.values(), *inputs, kt, options)
    named = {p: fixtures.in_name_order(nets[p], p, scattered(g, origins[p])) for p, g in zip(nets, gradients)}
    return dict(values, kt_next=kt_next), named


def scatter(networks, adam, data, kt, options, exact):
    """In float32 and every arrangement: losses and k_t; |g32 - g64| / |g64| of every tensor in name order, by network."""
    losses, relative = [], {prefix: [] for prefix in exact}
    for arrangement in arrangements.ALL:
        values, single = one_step(networks, adam, data, kt, options, torch.float32, arrangement)
        losses.append(values)
        for prefix, named in exact.items():
            relative[prefix].append(distances(single[prefix], named))
    return losses, {prefix: torch.stack(rows) for prefix, rows in relative.items()}


def distances(named, exact):
    return torch.stack([(named[name].double() - g).norm() / g.norm() for name, g in exact.items()])


def main():
    torch.manual_seed(20240705)
    random = torch.Generator().manual_seed(20240706)
    networks = dict(generator=Generator(**GENERATOR), discriminator=Discriminator(**DISCRIMINATOR))
    rules = optimizers(networks)
    tensors, kt, results = {}, KT_INITIAL, []
    for number in range(STEPS):
        place = f"step{number}"
        images, heatmaps, mask = scene(random)
        tensors.update({f"{place}.images": images, f"{place}.heatmaps": to_engine(heatmaps), f"{place}.mask": mask})
        record_state(tensors, place, networks, rules["discriminator"])
        data = from_engine(images.float() / 255), heatmaps, mask
        adam = [(s.get("exp_avg", torch.zeros_like(p)), s.get("exp_avg_sq", torch.zeros_like(p)), number)
                for p in networks["discriminator"].parameters() for s in [rules["discriminator"].state[p]]]

        result = dict(kt=kt, float32={})
        for options in VARIANTS + TOTALS:
            result[options.name], exact = one_step(networks, adam, data, kt, options, torch.float64)
            losses, away = scatter(networks, adam, data, kt, options, exact)
            result["float32"][options.name] = losses
            if options in VARIANTS:
                zero = {prefix: fixtures.zero_gradients(named) for prefix, named in exact.items()}
                for prefix, named in exact.items():
                    if prefix == "generator" or options == RUN:  # D's gradient is the same in every variant
                        name = f"{place}.{options.name}.{prefix}"
                        tensors[f"{name}.gradients"] = fixtures.flat(named.values()).float()
                        tensors[f"{name}.distances"] = away[prefix].float()
            report(place, options, result, exact, away, zero)
        check_totals(networks, adam, data, kt)
        check_arrangements(networks, adam, data, kt, zero)

        values, kt_next, _, _ = step(*networks.values(), *rules.values(), *data, kt, RUN)
        assert dict(values, kt_next=kt_next) == result["float32"][RUN.name][0]
        results.append(result)
        kt = kt_next
    fixtures.save("steps", tensors, dict(
        generator=GENERATOR, discriminator=DISCRIMINATOR, batch=BATCH, **METHOD, learning_rates=RATES,
        layouts=fixtures.layouts(networks), zero_gradients=zero,
        arrangements=[arrangement.name for arrangement in arrangements.ALL], results=results))


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


def check_arrangements(networks, adam, data, kt, zero):
    """In float64 every arrangement gives the same gradients."""
    _, exact = one_step(networks, adam, data, kt, RUN, torch.float64)
    for arrangement in arrangements.ALL:
        _, other = one_step(networks, adam, data, kt, RUN, torch.float64, arrangement)
        for prefix, named in exact.items():
            for name, away in zip(named, distances(other[prefix], named)):
                assert name in zero[prefix] or away < 1e-9, f"{arrangement.name} changes {name} by {away}"


def report(place, options, result, exact, away, zero):
    """One line: losses, how far float32 strays from L_adv, and medians over tensors of its gradients' distances."""
    values = result[options.name]
    adversarial = [abs(v["loss_adv"] / values["loss_adv"] - 1) for v in result["float32"][options.name]]
    print(f"{place} {options.name} kt {result['kt']:.6f} mse {values['loss_mse']:.5f} real {values['loss_real']:.5f} "
          f"fake {values['loss_fake']:.5f} adv {values['loss_adv']:.5f} ± {max(adversarial):.0e}", end="")
    for prefix, rows in away.items():
        kept = torch.tensor([name not in zero[prefix] for name in exact[prefix]])
        medians = rows[:, kept].median(dim=1).values.tolist()
        print(f" | {prefix}", *(f"{a.name} {m:.0e}" for a, m in zip(arrangements.ALL, medians)), end="")
    print(flush=True)


if __name__ == "__main__":
    main()
