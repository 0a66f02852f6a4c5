"""One step of self-adversarial training, written as its formulas are written and differentiated by autograd.

    L_MSE  = sum_n sum_j (C_j - Ch_nj)^2            L_adv = sum_j (Ch_j - D(Ch, X)_j)^2     L_G = L_MSE + lambda_G L_adv
    L_real = sum_j (C_j - D(C, X)_j)^2              L_fake = sum_j (Ch_j - D(Ch, X)_j)^2    L_D = L_real - k_t L_fake
    k_{t+1} = clamp(k_t + lambda_k (gamma L_real - L_fake), 0, 1)

C: ground truth, Ch: the last stack's heatmaps, X: the image. Where a joint is unlabelled, C is zero and its errors are
masked out of every loss; Ch enters D unmasked. `mean` divides by B M h w, masked joints counted, `sum` by B.
Nothing here is clever: this is what the engine, and the fast step of train_pytorch.py, are checked against.
"""
from dataclasses import dataclass

import torch

from networks import running_statistics_kept


@dataclass(frozen=True)
class Options:
    reduction: str = "mean"  # mean | sum
    target_gradient: bool = True  # L_adv is differentiated through the Ch that D is compared with, too
    refresh_discriminator: bool = False  # L_adv and its gradient come from a pass of D after D's update
    lambda_g: float = 1e-4
    lambda_k: float = 1e-3
    gamma: float = 0.5
    balance: str = "absolute"  # absolute | relative

    @property
    def name(self):
        return f"{self.reduction}.tg{int(self.target_gradient)}.r{int(self.refresh_discriminator)}"


def loss(prediction, target, mask, reduction):
    """sum_j mask_j (target_j - prediction_j)^2 over N x C x H x W, mask N x C, normalised as `reduction` says."""
    squares = (mask[:, :, None, None] * (target - prediction) ** 2).sum()
    return squares / (target.numel() if reduction == "mean" else target.shape[0])


def next_balance(kt, real, fake, options):
    """k_{t+1}, in double, from the losses of the global batch."""
    if options.balance == "absolute":
        change = options.gamma * real - fake
    else:
        change = options.gamma - fake / real if real != 0 else 0.0
    return min(1.0, max(0.0, kt + options.lambda_k * change))


def losses_before_update(generator, discriminator, images, heatmaps, mask, options):
    """The one forward pass of everything: losses as tensors with their graph, and the generator's outputs."""
    outputs = generator(images)
    mse = sum(loss(output, heatmaps, mask, options.reduction) for output in outputs)
    real = loss(discriminator(heatmaps, images), heatmaps, mask, options.reduction)
    reconstructed = discriminator(outputs[-1], images)
    fake = loss(reconstructed, outputs[-1], mask, options.reduction)
    target = outputs[-1] if options.target_gradient else outputs[-1].detach()
    adversarial = loss(reconstructed, target, mask, options.reduction)
    return outputs, mse, real, fake, adversarial


def step(generator, discriminator, optimizer_g, optimizer_d, images, heatmaps, mask, kt, options):
    """Updates both networks; returns losses, k_{t+1} and both networks' gradients (lists in parameter order).

    Unrefreshed, both gradients belong to the same parameters of both networks. Refreshed, the generator's adversarial
    part is that of the discriminator just updated.
    """
    parameters_g, parameters_d = list(generator.parameters()), list(discriminator.parameters())
    outputs, mse, real, fake, adversarial = losses_before_update(
        generator, discriminator, images, heatmaps, mask, options)
    loss_d = real - kt * fake
    gradients_d = torch.autograd.grad(loss_d, parameters_d, retain_graph=True)

    if options.refresh_discriminator:
        apply(optimizer_d, parameters_d, gradients_d)
        with running_statistics_kept(discriminator):
            reconstructed = discriminator(outputs[-1], images)
        target = outputs[-1] if options.target_gradient else outputs[-1].detach()
        adversarial = loss(reconstructed, target, mask, options.reduction)
        loss_g = mse + options.lambda_g * adversarial
        gradients_g = torch.autograd.grad(loss_g, parameters_g)
    else:
        loss_g = mse + options.lambda_g * adversarial
        gradients_g = torch.autograd.grad(loss_g, parameters_g)
        apply(optimizer_d, parameters_d, gradients_d)
    apply(optimizer_g, parameters_g, gradients_g)

    values = dict(loss_mse=mse, loss_adv=adversarial, loss_g=loss_g, loss_real=real, loss_fake=fake, loss_d=loss_d)
    values = {name: value.item() for name, value in values.items()}
    return values, next_balance(kt, values["loss_real"], values["loss_fake"], options), gradients_g, gradients_d


def apply(optimizer, parameters, gradients):
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient
    optimizer.step()
