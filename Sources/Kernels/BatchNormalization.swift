import CKernels
import Tensors

/// Mean and biased variance of each channel over all pixels of a batch: 1×1×2×C.
public struct Moments {
  public let tensor: Tensor

  public init(tensor: Tensor) { self.tensor = tensor }

  public var channels: Int { tensor.shape.c }
  public var mean: UnsafeMutablePointer<Real> { tensor.pointer }
  public var variance: UnsafeMutablePointer<Real> { tensor.pointer + channels }
}

/// Batch normalisation (Ioffe and Szegedy, arXiv 1502.03167). Its work on whole tensors is done by the operations
/// before and after it (`Epilogue`, `Operand`); here are the few numbers a channel.
extension KernelContext {
  /// Merges what an epilogue gathered from a result: its moments. Releases the partial sums.
  public func moments(_ partials: Partials) -> Moments {
    let channels = partials.channels
    let moments = Moments(tensor: arena.allocate(Shape(n: 1, h: 1, w: 2, c: channels)))
    perform(scratch: 2 * channels * MemoryLayout<Double>.stride) { workers in
      let mean = workers.doubles
      let variance = mean + channels
      ck_merge_moments(
        partials.tensor.pointer, partials.tensor.shape.c, partials.pieces, Int32(channels), mean, variance)
      for c in 0..<channels {
        moments.mean[c] = Real(mean[c])
        moments.variance[c] = Real(variance[c])
      }
    }
    arena.release(partials.tensor)
    return moments
  }

  /// The view max(0, γ (x − μ)/√(σ² + ε) + β) of `tensor`.
  public func normalize(
    _ tensor: Tensor, mean: UnsafePointer<Real>, variance: UnsafePointer<Real>, weight: UnsafePointer<Real>,
    bias: UnsafePointer<Real>, epsilon: Double
  ) -> Normalized {
    let channels = tensor.shape.c
    let view = Normalized(tensor: tensor, coefficients: arena.allocate(Shape(n: 1, h: 1, w: 4, c: channels)))
    perform { _ in
      for c in 0..<channels {
        let inverse = 1 / (Double(variance[c]) + epsilon).squareRoot()
        let scale = Double(weight[c]) * inverse
        view.scale[c] = Real(scale)
        view.shift[c] = Real(Double(bias[c]) - Double(mean[c]) * scale)
        view.mean[c] = mean[c]
        view.inverseDeviation[c] = Real(inverse)
      }
    }
    return view
  }

  /// The gradient of a batch normalisation with batch statistics.
  ///
  /// - Parameters:
  ///   - gradient: with respect to γ x̂ + β, already zero where ReLU was (a epilogue with a gate wrote it).
  ///   - partials: Σ g and Σ g·(x − μ), gathered by that epilogue; released here.
  ///   - weightGradient, biasGradient: where those of γ and β go; nil: they are not wanted.
  /// - Returns: dx = γ/√(σ²+ε) · (g − mean(g) − x̂ · mean(g x̂)) as an operand.
  public func normalizeBackward(
    _ gradient: Tensor, _ partials: Partials, of view: Normalized, weight: UnsafePointer<Real>,
    weightGradient: ParameterGradient?, biasGradient: ParameterGradient?
  ) -> Operand {
    let channels = view.tensor.shape.c
    let coefficients = arena.allocate(Shape(n: 1, h: 1, w: 3, c: channels))
    perform(scratch: 2 * channels * MemoryLayout<Double>.stride) { workers in
      let sum = workers.doubles
      let products = sum + channels
      ck_merge_sums(
        partials.tensor.pointer, partials.tensor.shape.c, partials.pieces, Int32(channels), sum, products)
      let count = Double(view.tensor.shape.rows)
      for c in 0..<channels {
        let inverse = Double(view.inverseDeviation[c])
        let factor = Double(weight[c]) * inverse
        let slope = -factor * inverse * inverse * products[c] / count
        coefficients.pointer[c] = Real(factor)
        coefficients.pointer[channels + c] = Real(slope)
        coefficients.pointer[2 * channels + c] = Real(-factor * sum[c] / count - slope * Double(view.mean[c]))
        weightGradient?.add(Real(products[c] * inverse), at: c)
        biasGradient?.add(Real(sum[c]), at: c)
      }
    }
    arena.release(partials.tensor)
    return .gradient(gradient, of: view.tensor, coefficients: coefficients)
  }

  /// to += operand
  public func add(_ operand: Operand, to: Tensor) {
    perform(KernelOperation("sum", to.shape, numbers: operand.numbers + 2 * to.count)) { workers in
      let blocks = blocks(of: to.shape.rows, rowBytes: 3 * to.shape.c * MemoryLayout<Real>.stride)
      let raw = operand.raw
      workers.run(blocks.number) { piece, _ in
        let rows = blocks.range(piece)
        withUnsafePointer(to: raw) {
          workers.table.add_rows($0, to.pointer, rows.lowerBound, rows.count, Int32(to.shape.c))
        }
      }
    }
  }

  /// Writes a view out, with its moments where wanted.
  public func materialize(_ operand: Operand, into out: Tensor, gathers: Bool) -> Partials? {
    let blocks = blocks(of: out.shape.rows, rowBytes: 2 * out.shape.c * MemoryLayout<Real>.stride)
    let channels = out.shape.c
    let partials = gathers ? allocatePartials(pieces: blocks.number, channels: channels) : nil
    perform(KernelOperation("normalisation, ReLU", out.shape, numbers: operand.numbers + out.count)) { workers in
      let raw = operand.raw
      workers.run(blocks.number) { piece, _ in
        let rows = blocks.range(piece)
        withUnsafePointer(to: raw) {
          workers.table.load_rows(
            $0, rows.lowerBound, rows.count, Int32(channels), out.pointer + rows.lowerBound * channels)
        }
        workers.applyEpilogue(out, rows, Epilogue(), partials?.piece(piece))
      }
    }
    return partials
  }

  /// Applies an epilogue to a tensor in place: here, a gradient that other operations have written.
  public func apply(_ epilogue: Epilogue, to tensor: Tensor) -> Partials? {
    let blocks = blocks(of: tensor.shape.rows, rowBytes: 2 * tensor.shape.c * MemoryLayout<Real>.stride)
    let partials = epilogue.gathers ? allocatePartials(pieces: blocks.number, channels: tensor.shape.c) : nil
    perform(
      KernelOperation(
        "normalisation, ReLU, gradient", tensor.shape, numbers: 2 * tensor.count + epilogue.numbers(tensor.shape))
    ) { workers in
      workers.run(blocks.number) { piece, _ in
        workers.applyEpilogue(tensor, blocks.range(piece), epilogue, partials?.piece(piece))
      }
    }
    return partials
  }
}
