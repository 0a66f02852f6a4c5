#!/usr/bin/env python3
"""Holds train_pytorch.fast_step against step.step, two steps in float64, in every variant; exits 1 where they differ.

Also with two shards, whose batch norms see half a batch each: there the reference is the mean over shards of what one
shard alone gives, which holds for gradients as long as k_t is that of the step. Biases whose true gradient is zero get
rounding noise, which the update rules' epsilon of 1e-8 turns into 1e-9 or so: hence the limit.
"""
import copy
import itertools
import sys

import torch

from make_double import DISCRIMINATOR, GENERATOR, scene
from networks import Discriminator, Generator, randomise_norms
from step import Options, step
from train_pytorch import fast_step

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


def fresh(seed=7):
    torch.manual_seed(seed)
    networks = [Generator(**GENERATOR), Discriminator(**DISCRIMINATOR)]
    for network in networks:
        randomise_norms(network, torch.Generator().manual_seed(seed))
    return [*networks, torch.optim.RMSprop(networks[0].parameters(), 2.5e-4),
            torch.optim.Adam(networks[1].parameters(), 8e-5)]


def apart(networks, others):
    """Largest difference in parameters and running statistics."""
    return max((a - b).abs().max().item() for x, y in zip(networks, others)
               for a, b in zip(x.state_dict().values(), y.state_dict().values()) if a.is_floating_point())


def check_variant(options):
    plain, fast, kt, fast_kt = fresh(), fresh(), 0.3, 0.3
    random = torch.Generator().manual_seed(9)
    for _ in range(2):
        data = scene(random)
        losses, kt, _, _ = step(*plain, *data, kt, options)
        totals, fast_kt = fast_step(*fast, [data], fast_kt, options)
        worst = max(abs(totals[n] / losses[f"loss_{n}"] - 1) for n in totals)
    worst = max(worst, abs(fast_kt - kt), apart(plain[:2], fast[:2]))
    return f"{options.name} {options.balance}", worst, 1e-7


def check_shards():
    options, data = Options(lambda_g=0.1), scene(torch.Generator().manual_seed(9))
    shards = list(zip(*(t.chunk(2) for t in data)))
    halves = []
    for shard in shards:
        networks = fresh()
        halves.append(step(*networks, *shard, 0.3, options)[2:])
    networks = fresh()
    fast_step(*networks, shards, 0.3, options)
    worst = 0.0
    for network, first, second in zip(networks[:2], *halves):
        for parameter, a, b in zip(network.parameters(), first, second):
            worst = max(worst, (parameter.grad - (a + b) / 2).abs().max().item())
    return "two shards", worst, 1e-12


def main():
    results = [check_variant(Options(reduction, target, refresh, lambda_g=0.1, balance=balance))
               for reduction, target, refresh, balance in itertools.product(
                   ("mean", "sum"), (True, False), (True, False), ("absolute", "relative"))]
    results.append(check_shards())
    for name, worst, limit in results:
        print(f"{name}: {worst:.1e}{'' if worst <= limit else ' WRONG'}")
    sys.exit(any(worst > limit for _, worst, limit in results))


if __name__ == "__main__":
    main()
