import Kernels
import Layers
import Tensors

/// The first layers of a stacked hourglass: convolution, batch normalisation, ReLU, three residual modules, and for
/// photographs a pooling after the first of them.
struct Stem {
  private let conv: Conv2d
  private let norm: BatchNorm2d
  private let residual1: Residual
  private let residual2: Residual
  private let residual3: Residual
  private let pools: Bool

  init(_ store: ParameterStore, _ configuration: HourglassConfiguration, input: StackedHourglass.Input) {
    let (first, second) = (configuration.stem[0], configuration.stem[1])
    switch input {
    case .photograph:
      conv = Conv2d(store, "stem.conv", in: 3, out: first, kernel: 7, stride: 2, padding: 3)
      pools = true
    case .maps(let channels):
      conv = Conv2d(store, "stem.conv", in: channels, out: first, kernel: 3, padding: 1)
      pools = false
    }
    norm = BatchNorm2d(store, "stem.norm", channels: first)
    residual1 = Residual(store, "stem.residual1", in: first, out: second)
    residual2 = Residual(store, "stem.residual2", in: second, out: second)
    residual3 = Residual(store, "stem.residual3", in: second, out: configuration.features)
  }

  func forward(_ input: Tensor, _ pass: Pass) -> Activation {
    pass.keep(input)
    let raw = conv.forward(.plain(input), pass)
    let view = norm.forward(raw, pass)
    let out = pass.allocate(raw.shape)
    let partials = pass.context.materialize(.normalized(view), into: out, gathers: pass.isTraining)
    pass.keep(view)
    pass.release(raw)
    let x0 = Activation(tensor: out, moments: partials.map(pass.context.moments))
    var x1 = residual1.forward(x0, pass)
    pass.release(x0)
    if pools {
      let pooled = pass.maxPool(x1.tensor, "stem.pool")
      pass.release(x1)
      x1 = pooled
    }
    let x2 = residual2.forward(x1, pass)
    pass.release(x1)
    let x3 = residual3.forward(x2, pass)
    pass.release(x2)
    return x3
  }

  func backward(_ gradient: Tensor, _ pass: Pass, wantsInput: Bool) -> Tensor? {
    var d = residual2.backward(residual3.backward(gradient, pass), pass)
    if pools {
      let pooled = pass.recallTensor()
      let dPooled = pass.allocate(pooled.shape)
      pass.context.clear(dPooled)
      pass.context.maxPoolBackward(pooled, d, addTo: dPooled)
      pass.show(dPooled, .inputGradient, of: "stem.pool")
      pass.release(d)
      pass.release(pooled)
      d = dPooled
    }
    d = residual1.backward(d, pass)
    let view = pass.recallNormalized()
    let sums = pass.context.apply(Epilogue(gate: view, gathers: true), to: d)!
    let dRaw = norm.backward((d, sums), view, pass)
    let input = pass.recallTensor()
    let dInput = conv.backward(.plain(input), dRaw, pass, wantsInput: wantsInput)
    pass.release(input)
    pass.release(dRaw)
    pass.release(view)
    return dInput
  }
}
