import Tensors

/// A random computation, as an arena sees it: tensors that come, gain owners and go.
struct ArenaTrace {
  private enum Event {
    case allocate(Int, Shape)
    case retain(Int)
    /// The last owner's release or another's.
    case release(Int, isLast: Bool)
  }

  private var events: [Event] = []
  /// Of all tensors, each rounded up as the arena does.
  private(set) var bytes = 0
  private(set) var mostBytesAlive = 0

  init(seed: UInt64, steps: Int) {
    var random = CounterRandom(seed: seed, purpose: "arena trace")
    var owners: [Int: Int] = [:]
    var sizes: [Int: Int] = [:]
    var (number, alive) = (0, 0)
    for _ in 0..<steps {
      let someone = owners.isEmpty ? nil : owners.keys.sorted()[random.integer(below: owners.count)]
      switch random.integer(below: 10) {
      case 0...1:
        guard let someone else { continue }
        owners[someone]! += 1
        events.append(.retain(someone))
      case 2...5:
        guard let someone else { continue }
        owners[someone]! -= 1
        let isLast = owners[someone] == 0
        if isLast {
          owners[someone] = nil
          alive -= sizes[someone]!
        }
        events.append(.release(someone, isLast: isLast))
      default:
        let shape = Shape(
          n: 1 + random.integer(below: 3), h: random.integer(below: 9), w: 1 + random.integer(below: 9),
          c: 1 + random.integer(below: 40))
        let size = (shape.count * MemoryLayout<Real>.stride + 63) / 64 * 64
        sizes[number] = size
        owners[number] = 1
        bytes += size
        alive += size
        mostBytesAlive = max(mostBytesAlive, alive)
        events.append(.allocate(number, shape))
        number += 1
      }
    }
  }

  /// Makes the calls; tells `observe` of each tensor that comes, with the tensor, and that goes for good, with nil.
  func perform(_ arena: Arena, observe: (_ number: Int, _ tensor: Tensor?) -> Void) {
    var tensors: [Int: Tensor] = [:]
    for event in events {
      switch event {
      case .allocate(let number, let shape):
        let tensor = arena.allocate(shape)
        tensors[number] = tensor
        if !arena.isPlanning { observe(number, tensor) }
      case .retain(let number): arena.retain(tensors[number]!)
      case .release(let number, let isLast):
        if isLast && !arena.isPlanning { observe(number, nil) }
        arena.release(tensors[number]!)
      }
    }
  }
}
