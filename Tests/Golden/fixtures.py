"""How the fixtures are packed: flat vectors for whole networks, and the json that says what lies where in them."""
import json
import pathlib
import platform

import safetensors.torch
import torch

from networks import named_parameters, named_tensors, weight_to_engine

FOLDER = pathlib.Path(__file__).resolve().parent


def layout(tensors):
    """Where each tensor lies in a flat vector: names in byte order, engine shapes, one behind the other."""
    entries, offset = [], 0
    for name, tensor in tensors.items():
        entries.append(dict(name=name, shape=list(weight_to_engine(tensor).shape), offset=offset))
        offset += tensor.numel()
    return entries


def parameters_and_statistics(network, prefix):
    parameters = named_parameters(network, prefix)
    return parameters, {n: t for n, t in named_tensors(network, prefix).items() if n not in parameters}


def layouts(networks):
    """The layouts of `PREFIX.parameters` and `PREFIX.statistics` for each network, for the json beside a fixture."""
    result = {}
    for prefix, network in networks.items():
        parameters, statistics = parameters_and_statistics(network, prefix)
        result[f"{prefix}.parameters"], result[f"{prefix}.statistics"] = layout(parameters), layout(statistics)
    return result


def flat(tensors):
    return torch.cat([weight_to_engine(t).reshape(-1) for t in tensors])


def flat_parameters(network, prefix):
    return flat(named_parameters(network, prefix).values())


def flat_statistics(network, prefix):
    return flat(parameters_and_statistics(network, prefix)[1].values())


def in_name_order(network, prefix, per_parameter):
    """Things listed in the order of network.parameters(), by name and in name order."""
    by_identity = {id(p): thing for p, thing in zip(network.parameters(), per_parameter)}
    return {name: by_identity[id(p)] for name, p in named_parameters(network, prefix).items()}


def flat_gradients(network, prefix, gradients):
    return flat(in_name_order(network, prefix, gradients).values())


def flat_moment(network, prefix, optimizer, key):
    """One of the optimizer's moments for all parameters; zeros before its first step."""
    moments = [optimizer.state[p].get(key, torch.zeros_like(p)) for p in network.parameters()]
    return flat_gradients(network, prefix, moments)


def zero_gradients(gradients, scale=1e-6):
    """Names whose gradient is mathematically zero: under `scale` of the median norm, in float64."""
    norms = {name: gradient.norm().item() for name, gradient in gradients.items()}
    typical = sorted(norms.values())[len(norms) // 2]
    return [name for name, norm in norms.items() if norm < scale * typical]


def save(name, tensors, index):
    """Writes NAME.safetensors and, beside it, NAME.json with what the tensors' names cannot say."""
    path = FOLDER / f"{name}.safetensors"
    safetensors.torch.save_file({n: t.detach().contiguous() for n, t in tensors.items()}, path)
    path.chmod(0o644)
    index = dict(torch=torch.__version__, python=platform.python_version(), **index)
    (FOLDER / f"{name}.json").write_text(json.dumps(index, separators=(",", ":"), sort_keys=True) + "\n")
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, {len(tensors)} tensors")
