import Tensors

/// Pre-activation residual module (He et al., arXiv 1603.05027; as in Newell et al., arXiv 1603.06937):
/// out = skip(x) + conv3(view3(conv2(view2(conv1(view1(x)))))), each view a batch normalisation and ReLU, the
/// convolutions 1×1 to out/2 channels, 3×3, 1×1. The skip is the identity, or 1×1 where the widths differ.
public struct Residual: Layer {
  private let norm1: BatchNorm2d
  private let conv1: Conv2d
  private let norm2: BatchNorm2d
  private let conv2: Conv2d
  private let norm3: BatchNorm2d
  private let conv3: Conv2d
  private let skip: Conv2d?
  private let name: String

  public init(_ store: ParameterStore, _ name: String, in inChannels: Int, out outChannels: Int) {
    let half = outChannels / 2
    self.name = name
    norm1 = BatchNorm2d(store, "\(name).norm1", channels: inChannels)
    conv1 = Conv2d(store, "\(name).conv1", in: inChannels, out: half)
    norm2 = BatchNorm2d(store, "\(name).norm2", channels: half)
    conv2 = Conv2d(store, "\(name).conv2", in: half, out: half, kernel: 3, padding: 1)
    norm3 = BatchNorm2d(store, "\(name).norm3", channels: half)
    conv3 = Conv2d(store, "\(name).conv3", in: half, out: outChannels)
    skip = inChannels == outChannels ? nil : Conv2d(store, "\(name).skip", in: inChannels, out: outChannels)
  }

  public func forward(_ x: Activation, _ pass: Pass) -> Activation {
    let view1 = norm1.forward(x, pass)
    let a1 = conv1.forward(.normalized(view1), pass)
    pass.keep(view1)
    let view2 = norm2.forward(a1, pass)
    let a2 = conv2.forward(.normalized(view2), pass)
    pass.keep(view2)
    pass.release(a1)
    let view3 = norm3.forward(a2, pass)
    let shortcut = skip?.forward(.plain(x.tensor), pass, gathersMoments: false)
    let out = conv3.forward(.normalized(view3), pass, adding: shortcut?.tensor ?? x.tensor)
    pass.keep(view3)
    pass.release(a2)
    if let shortcut { pass.release(shortcut) }
    return out
  }

  public func backward(_ gradient: Tensor, _ pass: Pass) -> Tensor {
    let view3 = pass.recallNormalized()
    let g3 = conv3.backward(view3, .plain(gradient), pass)
    let d2 = norm3.backward(g3, view3, pass)

    let view2 = pass.recallNormalized()
    let g2 = conv2.backward(view2, d2, pass)
    pass.release(d2)
    pass.release(view3)
    let d1 = norm2.backward(g2, view2, pass)

    let view1 = pass.recallNormalized()
    let g1 = conv1.backward(view1, d1, pass)
    pass.release(d1)
    pass.release(view2)
    let dBranch = norm1.backward(g1, view1, pass)

    var dx = gradient
    if let skip {
      dx = skip.backward(.plain(view1.tensor), .plain(gradient), pass)!
      pass.release(gradient)
    }
    pass.context.add(dBranch, to: dx)
    pass.show(dx, .inputGradient, of: name)
    pass.release(dBranch)
    pass.release(view1)
    return dx
  }
}
