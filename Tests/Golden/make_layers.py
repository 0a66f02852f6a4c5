"""Writes layers.safetensors: single layers, losses and update rules in float64, each with all its gradients.

Names are CASE.WHAT; README.md lists both.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

import fixtures
from networks import Hourglass, Residual, named_parameters, named_tensors, randomise_norms, to_engine, weight_to_engine
from step import Options, loss, next_balance

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
RANDOM = torch.Generator().manual_seed(20240701)
tensors, cases = {}, []


def random(*shape):
    return torch.randn(*shape, generator=RANDOM)


def record(case, **values):
    if case not in cases:
        cases.append(case)
    for name, value in values.items():
        value = value if isinstance(value, torch.Tensor) else torch.tensor(value, dtype=torch.float64)
        tensors[f"{case}.{name}"] = value.detach().clone()


def record_operation(case, function, *shape, values=lambda x: x):
    """An operation of one input (N x C x H x W) that has no parameters."""
    x = values(random(*shape)).requires_grad_(True)
    y = function(x)
    grad = random(*y.shape)
    (grad_x,) = torch.autograd.grad(y, x, grad)
    record(case, input=to_engine(x), output=to_engine(y), grad_output=to_engine(grad), grad_input=to_engine(grad_x))


def convolutions():
    shapes = [  # kernel, stride, padding, batch, height, width, in, out
        (1, 1, 0, 2, 7, 5, 5, 16), (1, 1, 0, 3, 1, 1, 16, 3), (1, 1, 0, 1, 9, 6, 19, 5),
        (3, 1, 1, 2, 7, 5, 5, 16), (3, 1, 1, 3, 4, 4, 16, 16), (3, 1, 1, 4, 1, 1, 3, 5), (3, 1, 1, 1, 9, 6, 19, 16),
        (3, 1, 1, 2, 8, 8, 16, 19), (3, 1, 1, 1, 13, 2, 3, 3), (3, 1, 1, 1, 2, 3, 5, 3),
        (7, 2, 3, 2, 12, 16, 3, 8), (7, 2, 3, 1, 9, 7, 3, 5), (7, 2, 3, 1, 4, 4, 3, 16)]
    for kernel, stride, padding, batch, height, width, inputs, outputs in shapes:
        x = random(batch, inputs, height, width).requires_grad_(True)
        weight = (random(outputs, inputs, kernel, kernel) / math.sqrt(inputs) / kernel).requires_grad_(True)
        bias = random(outputs).requires_grad_(True)
        y = F.conv2d(x, weight, bias, stride, padding)
        grad = random(*y.shape)
        grad_x, grad_weight, grad_bias = torch.autograd.grad(y, (x, weight, bias), grad)
        record(f"conv{kernel}.n{batch}h{height}w{width}i{inputs}o{outputs}", stride=float(stride),
               padding=float(padding), input=to_engine(x), weight=weight_to_engine(weight), bias=bias,
               output=to_engine(y), grad_output=to_engine(grad), grad_input=to_engine(grad_x),
               grad_weight=weight_to_engine(grad_weight), grad_bias=grad_bias)


def normalisation():
    for case, relu, shape in [("norm.train", False, (3, 5, 4, 6)), ("norm.train_two_values", False, (2, 5, 1, 1)),
                              ("norm.train_offset", False, (2, 19, 7, 5)), ("norm_relu.train", True, (3, 16, 4, 6))]:
        norm = nn.BatchNorm2d(shape[1])
        randomise_norms(norm, RANDOM)
        before = norm.running_mean.clone(), norm.running_var.clone()
        x = random(*shape) + (30 if case.endswith("offset") else 0)
        x.requires_grad_(True)
        y = norm(x)
        y = F.relu(y) if relu else y
        grad = random(*shape)
        grad_x, grad_weight, grad_bias = torch.autograd.grad(y, (x, norm.weight, norm.bias), grad)
        record(case, input=to_engine(x), weight=norm.weight, bias=norm.bias, running_mean=before[0],
               running_var=before[1], output=to_engine(y), batch_mean=x.mean((0, 2, 3)),
               batch_variance=x.var((0, 2, 3), unbiased=False), running_mean_after=norm.running_mean,
               running_var_after=norm.running_var, grad_output=to_engine(grad), grad_input=to_engine(grad_x),
               grad_weight=grad_weight, grad_bias=grad_bias)
    norm = nn.BatchNorm2d(5).eval()
    randomise_norms(norm, RANDOM)
    x = random(2, 5, 3, 4)
    record("norm.eval", input=to_engine(x), weight=norm.weight, bias=norm.bias, running_mean=norm.running_mean,
           running_var=norm.running_var, output=to_engine(norm(x)))
    record("norm_relu.eval", input=to_engine(x), weight=norm.weight, bias=norm.bias, running_mean=norm.running_mean,
           running_var=norm.running_var, output=to_engine(F.relu(norm(x))))


def resampling():
    record_operation("maxpool", lambda x: F.max_pool2d(x, 2), 2, 5, 6, 8)
    record_operation("maxpool_ties", lambda x: F.max_pool2d(x, 2), 1, 3, 8, 8,
                     values=lambda x: (2 * x).round().clamp(0, 1))

    upper, lower = random(2, 5, 6, 4).requires_grad_(True), random(2, 5, 3, 2).requires_grad_(True)
    y = upper + F.interpolate(lower, scale_factor=2)
    grad = random(*y.shape)
    grad_upper, grad_lower = torch.autograd.grad(y, (upper, lower), grad)
    record("upsample_add", upper=to_engine(upper), lower=to_engine(lower), output=to_engine(y),
           grad_output=to_engine(grad), grad_upper=to_engine(grad_upper), grad_lower=to_engine(grad_lower))

    for case, shape, size in [("resize.by4", (2, 3, 16, 24), (4, 6)), ("resize.by3p2", (2, 3, 16, 32), (5, 10)),
                              ("resize.by1", (1, 3, 4, 5), (4, 5)), ("resize.up", (1, 3, 4, 6), (8, 9))]:
        record_operation(case, lambda x: F.interpolate(x, size=size, mode="bilinear", align_corners=False), *shape)


def modules():
    for case, module, shape in [
            ("residual.same", Residual(8, 8), (2, 8, 6, 5)), ("residual.skip", Residual(6, 12), (2, 6, 5, 7)),
            ("hourglass.depth1", Hourglass(1, 4, 2), (3, 4, 6, 4)),
            ("hourglass.depth2", Hourglass(2, 8, 1), (2, 8, 8, 4))]:
        randomise_norms(module, RANDOM)
        for name, tensor in named_tensors(module, "initial").items():
            record(case, **{name: weight_to_engine(tensor)})
        x = random(*shape).requires_grad_(True)
        record(case, input=to_engine(x), output_eval=to_engine(module.eval()(x)))
        y = module.train()(x)
        grad = random(*y.shape)
        parameters = named_parameters(module, "grad")
        grad_x, *gradients = torch.autograd.grad(y, [x, *parameters.values()], grad)
        record(case, output=to_engine(y), grad_output=to_engine(grad), grad_input=to_engine(grad_x))
        record(case, **{name: weight_to_engine(g) for name, g in zip(parameters, gradients)})
        record(case, **{n: t for n, t in named_tensors(module, "after").items() if "running_" in n})


def update_rules():
    rules = [
        ("rmsprop", lambda p: torch.optim.RMSprop([p], lr=2.5e-4, alpha=0.99, eps=1e-8), ["square_avg"]),
        ("adam", lambda p: torch.optim.Adam([p], lr=8e-5, betas=(0.9, 0.999), eps=1e-8), ["exp_avg", "exp_avg_sq"])]
    for case, rule, moments in rules:
        parameter = nn.Parameter(random(24))
        optimizer = rule(parameter)
        record(case, initial=parameter, lr=optimizer.param_groups[0]["lr"])
        scale = torch.logspace(-9, 1, 24)  # from where epsilon rules to where it does not matter
        for number in range(1, 6):
            parameter.grad = random(24) * scale
            parameter.grad[number] = 0
            optimizer.step()
            record(case, **{f"grad{number}": parameter.grad, f"after{number}": parameter})
            record(case, **{f"{m}{number}": optimizer.state[parameter][m] for m in moments})


def clipping():
    for case, limit in [("clip.shortens", 1.0), ("clip.leaves", 100.0)]:
        parameters = [nn.Parameter(random(n)) for n in (7, 12)]
        for number, parameter in enumerate(parameters):
            parameter.grad = random(*parameter.shape)
            record(case, **{f"grad{number}": parameter.grad})
        norm = nn.utils.clip_grad_norm_(parameters, limit)
        record(case, limit=limit, norm=norm, clipped0=parameters[0].grad, clipped1=parameters[1].grad)


def objectives():
    batch, joints, height, width = 3, 5, 4, 6
    mask = torch.tensor([[1, 1, 0, 1, 1], [1, 0, 0, 0, 1], [0, 0, 0, 0, 0]], dtype=torch.float64)
    truth = random(batch, joints, height, width).abs() * mask[:, :, None, None]
    stacks = [random(batch, joints, height, width) for _ in range(2)]
    reconstructed_real, reconstructed_fake = (random(batch, joints, height, width) for _ in range(2))
    for reduction in ("mean", "sum"):
        case = f"losses.{reduction}"
        record(case, mask=mask, heatmaps=to_engine(truth), reconstructed_real=to_engine(reconstructed_real),
               reconstructed_fake=to_engine(reconstructed_fake))
        outputs = [s.clone().requires_grad_(True) for s in stacks]
        mse = sum(loss(output, truth, mask, reduction) for output in outputs)
        for number, (output, grad) in enumerate(zip(outputs, torch.autograd.grad(mse, outputs))):
            record(case, **{f"stack{number}": to_engine(output), f"grad_mse_stack{number}": to_engine(grad)})
        of_real, of_fake = (r.clone().requires_grad_(True) for r in (reconstructed_real, reconstructed_fake))
        real, fake = loss(of_real, truth, mask, reduction), loss(of_fake, outputs[-1], mask, reduction)
        (grad_real,) = torch.autograd.grad(real, of_real)
        grad_fake, grad_target = torch.autograd.grad(fake, (of_fake, outputs[-1]))
        record(case, loss_mse=mse, loss_real=real, loss_fake=fake, grad_real=to_engine(grad_real),
               grad_fake=to_engine(grad_fake), grad_fake_target=to_engine(grad_target))


def balance():
    rows = []
    for kind in ("absolute", "relative"):
        for kt, real, fake, gamma, lambda_k in [
                (0.0, 2.0, 0.5, 0.5, 1e-3), (0.3, 2.0, 1.5, 0.5, 1e-3), (0.0, 1.0, 4.0, 0.5, 1e-3),
                (1.0, 9.0, 0.1, 0.7, 1e-2), (0.9995, 30.0, 1.0, 0.5, 1e-3), (0.2, 1e-6, 3e-6, 0.5, 1e-3),
                (0.25, 0.0, 1.0, 0.5, 1e-3)]:
            options = Options(gamma=gamma, lambda_k=lambda_k, balance=kind)
            after = next_balance(kt, real, fake, options)
            rows.append([kt, real, fake, gamma, lambda_k, float(kind == "relative"), after])
    record("balance", rows=torch.tensor(rows, dtype=torch.float64))


if __name__ == "__main__":
    torch.manual_seed(20240702)
    for part in (convolutions, normalisation, resampling, modules, update_rules, clipping, objectives, balance):
        part()
    fixtures.save("layers", tensors, dict(cases=cases))
