import Kernels
import Layers
import Tensors

/// One parameter: y = s ⊙ x with a factor for each channel. Written with what other targets see of Layers and Kernels.
struct ChannelScale: Layer {
  let scale: ParameterStore.Parameter
  private let name: String

  init(_ store: ParameterStore, _ name: String, channels: Int) {
    self.name = name
    scale = store.declare("\(name).scale", shape: [channels], .constant(1))
  }

  func forward(_ input: Activation, _ pass: Pass) -> Activation {
    let x = input.tensor
    let scale = pass.store.pointer(scale)
    let y = pass.allocate(x.shape)
    pass.context.perform { workers in
      workers.run(x.shape.n) { image, _ in
        let (x, y) = (x.image(image), y.image(image))
        for i in 0..<x.count { y.pointer[i] = scale[i % x.shape.c] * x.pointer[i] }
      }
    }
    pass.keep(x)
    return Activation(tensor: y, moments: pass.moments(of: y))
  }

  /// ds_c = Σ g x over the channel's pixels, dx = s ⊙ g.
  func backward(_ gradient: Tensor, _ pass: Pass) -> Tensor {
    let x = pass.recallTensor()
    let channels = x.shape.c
    let factors = pass.store.pointer(scale)
    let target = pass.gradient(of: scale)
    pass.context.perform { _ in
      for c in 0..<channels {
        var sum = 0.0
        for i in stride(from: c, to: x.count, by: channels) {
          sum += Double(gradient.pointer[i]) * Double(x.pointer[i])
          gradient.pointer[i] *= factors[c]
        }
        target?.add(Real(sum), at: c)
      }
    }
    pass.finished(scale)
    pass.show(gradient, .inputGradient, of: name)
    pass.release(x)
    return gradient
  }
}

/// Three parameters: y = offset + slope ⊙ x + curvature · x², the last a single number.
struct Parabola: Layer {
  let offset: ParameterStore.Parameter
  let slope: ParameterStore.Parameter
  let curvature: ParameterStore.Parameter

  init(_ store: ParameterStore, _ name: String, channels: Int) {
    offset = store.declare("\(name).offset", shape: [channels], .constant(0))
    slope = store.declare("\(name).slope", shape: [1, channels], .uniform(fanIn: 1))
    curvature = store.declare("\(name).curvature", shape: [1], .constant(0.25))
  }

  func forward(_ input: Activation, _ pass: Pass) -> Activation {
    let x = input.tensor
    let (offset, slope) = (pass.store.pointer(offset), pass.store.pointer(slope))
    let curvature = pass.store.pointer(curvature)
    let y = pass.allocate(x.shape)
    pass.context.perform { _ in
      for i in 0..<x.count {
        let (c, value) = (i % x.shape.c, x.pointer[i])
        y.pointer[i] = offset[c] + slope[c] * value + curvature[0] * value * value
      }
    }
    pass.keep(x)
    return Activation(tensor: y, moments: pass.moments(of: y))
  }

  func backward(_ gradient: Tensor, _ pass: Pass) -> Tensor {
    let x = pass.recallTensor()
    let channels = x.shape.c
    let (slope, curvature) = (pass.store.pointer(slope), pass.store.pointer(curvature))
    let targets = [self.offset, self.slope, self.curvature].map { pass.gradient(of: $0) }
    pass.context.perform { _ in
      var ofCurvature = 0.0
      for c in 0..<channels {
        var (ofOffset, ofSlope) = (0.0, 0.0)
        for i in stride(from: c, to: x.count, by: channels) {
          let (g, value) = (Double(gradient.pointer[i]), Double(x.pointer[i]))
          ofOffset += g
          ofSlope += g * value
          ofCurvature += g * value * value
          gradient.pointer[i] *= slope[c] + 2 * curvature[0] * x.pointer[i]
        }
        targets[0]?.add(Real(ofOffset), at: c)
        targets[1]?.add(Real(ofSlope), at: c)
      }
      targets[2]?.add(Real(ofCurvature), at: 0)
    }
    for parameter in [self.offset, self.slope, self.curvature] { pass.finished(parameter) }
    pass.release(x)
    return gradient
  }
}

extension Pass {
  /// What a normalisation after `tensor` needs while training.
  fileprivate func moments(of tensor: Tensor) -> Moments? {
    context.apply(Epilogue(gathers: isTraining), to: tensor).map(context.moments)
  }
}
