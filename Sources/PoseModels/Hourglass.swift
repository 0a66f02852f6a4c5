import Layers
import Tensors

/// One hourglass (Newell et al., arXiv 1603.06937): modules at full size beside modules at half size, which hold
/// another hourglass until `depth` is used up.
///
/// out = upper(x) + upsample(after(inner(before(maxpool(x)))))
public struct Hourglass: Layer {
  private let upper: Chain
  private let before: Chain
  private let inner: any Layer
  private let after: Chain
  private let name: String

  public init(_ store: ParameterStore, _ name: String, depth: Int, features: Int, modules: Int) {
    self.name = name
    upper = .residuals(store, "\(name).upper", features: features, modules: modules)
    before = .residuals(store, "\(name).before", features: features, modules: modules)
    if depth > 1 {
      inner = Hourglass(store, "\(name).inner", depth: depth - 1, features: features, modules: modules)
    } else {
      inner = Chain.residuals(store, "\(name).inner", features: features, modules: modules)
    }
    after = .residuals(store, "\(name).after", features: features, modules: modules)
  }

  public func forward(_ x: Activation, _ pass: Pass) -> Activation {
    let up = upper.forward(x, pass)
    let pooled = pass.maxPool(x.tensor, "\(name).pool")
    let outer = before.forward(pooled, pass)
    pass.release(pooled)
    let middle = inner.forward(outer, pass)
    pass.release(outer)
    let low = after.forward(middle, pass)
    pass.release(middle)
    let out = pass.upsampleAdd(up.tensor, low.tensor)
    pass.show(out.tensor, .output, of: name)
    pass.release(up)
    pass.release(low)
    return out
  }

  public func backward(_ gradient: Tensor, _ pass: Pass) -> Tensor {
    let shape = gradient.shape
    var low = pass.allocate(shape.with(h: shape.h / 2, w: shape.w / 2))
    pass.context.upsampleAddBackward(gradient, into: low)
    low = before.backward(inner.backward(after.backward(low, pass), pass), pass)
    let pooled = pass.recallTensor()
    let dx = upper.backward(gradient, pass)
    pass.context.maxPoolBackward(pooled, low, addTo: dx)
    pass.show(dx, .inputGradient, of: name)
    pass.release(low)
    pass.release(pooled)
    return dx
  }
}

extension Chain {
  /// `modules` residual modules of one width.
  static func residuals(_ store: ParameterStore, _ name: String, features: Int, modules: Int) -> Chain {
    Chain((0..<modules).map { Residual(store, "\(name).\($0)", in: features, out: features) })
  }
}

extension Pass {
  /// 2×2 maximum; keeps its input for backward.
  func maxPool(_ x: Tensor, _ name: @autoclosure () -> String) -> Activation {
    let out = allocate(x.shape.with(h: x.shape.h / 2, w: x.shape.w / 2))
    let partials = context.maxPool(x, into: out, gathers: isTraining)
    show(out, .output, of: name())
    keep(x)
    return Activation(tensor: out, moments: partials.map(context.moments))
  }

  func upsampleAdd(_ up: Tensor, _ low: Tensor) -> Activation {
    let out = allocate(up.shape)
    let partials = context.upsampleAdd(up, low, into: out, gathers: isTraining)
    return Activation(tensor: out, moments: partials.map(context.moments))
  }
}
