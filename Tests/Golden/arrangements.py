"""Ways to compute one step that exact arithmetic cannot tell apart, to see how far float32 scatters.

Memory layouts; and with a shuffle the samples, the colours and the hidden channels in another order. Losses, gradients
and batch norm's statistics are sums over samples, and how channels are numbered means nothing. Samples alone would not
do: in the default layout PyTorch's forward pass then rounds in exactly the same way.
"""
import copy
from dataclasses import dataclass

import torch

from networks import Residual

LAYOUTS = dict(nchw=torch.contiguous_format, nhwc=torch.channels_last)


@dataclass(frozen=True)
class Arrangement:
    layout: str = "nchw"
    shuffle: int = 0  # the seed of the orders; 0 leaves everything where it is

    @property
    def name(self):
        return f"{self.layout}.{self.shuffle}"

    @property
    def memory_format(self):
        return LAYOUTS[self.layout]

    def data(self, images, heatmaps, mask):
        """A batch with its samples, and the images' colours, in this arrangement's order."""
        if not self.shuffle:
            return images, heatmaps, mask
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(self.shuffle))
        return images[order][:, colours(self.shuffle)], heatmaps[order], mask[order]

    def channels(self, network):
        """For each parameter where in the original, flattened, its elements come from; None where all stay."""
        return channel_origins(network, self.shuffle) if self.shuffle else None


ALL = [Arrangement("nchw", shuffle) for shuffle in range(6)] + [Arrangement("nhwc", shuffle) for shuffle in range(3)]


def colours(seed):
    return torch.randperm(3, generator=torch.Generator().manual_seed(seed))


def gathered(tensors, origins):
    if origins is None:
        return tensors
    return [tensor.reshape(-1)[origin] for tensor, origin in zip(tensors, origins)]


def scattered(tensors, origins):
    """The inverse of `gathered`."""
    if origins is None:
        return tensors
    result = [torch.empty(tensor.numel(), dtype=tensor.dtype) for tensor in tensors]
    for to, tensor, origin in zip(result, tensors, origins):
        to[origin.reshape(-1)] = tensor.reshape(-1)
    return [to.reshape(tensor.shape) for to, tensor in zip(result, tensors)]


def channel_origins(network, seed):
    """Numbers the elements of every parameter, then renumbers the channels of the network."""
    random = torch.Generator().manual_seed(seed)
    network = copy.deepcopy(network).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.arange(parameter.numel()).reshape(parameter.shape))

        def order(norm):
            return torch.randperm(norm.num_features, generator=random)

        def residual(module, inputs):
            """Returns the order of the outputs: that of the inputs where these are added to them, else a new one."""
            outputs = inputs
            if module.skip is not None:
                outputs = torch.randperm(module.skip.out_channels, generator=random)
            first, second = order(module.norm2), order(module.norm3)
            for norm, channels in (module.norm1, inputs), (module.norm2, first), (module.norm3, second):
                reorder(norm, channels)
            for convolution, *ends in (
                    (module.conv1, first, inputs), (module.conv2, second, first), (module.conv3, outputs, second),
                    (module.skip, outputs, inputs)):
                reorder(convolution, *ends)
            return outputs

        stem = network.stem
        features = order(stem.norm)
        inputs = torch.arange(stem.conv.in_channels)  # the colours, in the discriminator before heatmaps
        inputs[:3] = colours(seed)
        reorder(stem.conv, features, inputs)
        reorder(stem.norm, features)
        for module in stem.residual1, stem.residual2, stem.residual3:
            features = residual(module, features)
        for stack in network.stacks:
            for module in stack.modules():
                if isinstance(module, Residual):
                    residual(module, features)
            drawn = order(stack.features.norm)
            reorder(stack.features.conv, drawn, features)
            reorder(stack.features.norm, drawn)
            reorder(stack.heatmaps, None, drawn)
            reorder(stack.merge_features, features, drawn)
            reorder(stack.merge_heatmaps, features)
    return [parameter.detach().long() for parameter in network.parameters()]


def reorder(module, outputs, inputs=None):
    """Takes the output channels, and those of the input, of a convolution or norm in this order; None: as they are."""
    if module is None:
        return
    for parameter in module.parameters(recurse=False):
        values = parameter if outputs is None else parameter[outputs]
        parameter.copy_(values[:, inputs] if inputs is not None and values.dim() == 4 else values)
