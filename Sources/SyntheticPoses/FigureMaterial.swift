/// The colour of a part of a figure, as a function of the place on it.
struct FigureMaterial {
  /// What is seen of a head besides skin.
  struct Head {
    var hair: CanvasColor
    /// Where the hair ends: 0 reaches the ears, 1 is bald.
    var hairline: Float
    var eyes: CanvasColor
    var mouth: CanvasColor
    /// Sunglasses are a band; otherwise there are two eyes.
    var glasses: Bool
  }

  /// What is on the front of a shirt and never on its back.
  struct Front {
    var panel: CanvasColor
    var mark: CanvasColor
    var skin: CanvasColor
    var kind: Kind
    enum Kind { case bib, emblem, buttons }
  }

  struct Stripes {
    var color: CanvasColor
    var period: Float
    /// Across the part's own x axis rather than its y axis.
    var vertical = false
  }

  /// Rings around a limb, from `start` to `end` of its length.
  struct Ring {
    var start: Float
    var end: Float
    var color: CanvasColor
  }

  var base: CanvasColor
  var stripes: Stripes?
  /// Drawn in order over the base: sleeves, socks, bands.
  var rings: [Ring] = []
  var head: Head?
  var front: Front?

  init(_ base: CanvasColor) {
    self.base = base
  }

  /// The colour at a point given in the part's own coordinates: a limb's length in y, or the unit ball.
  func color(_ p: SIMD3<Float>) -> CanvasColor {
    var color = base
    if let stripes {
      let phase = (stripes.vertical ? p.x : p.y) / stripes.period
      if phase - phase.rounded(.down) < 0.5 { color = stripes.color }
    }
    for ring in rings where p.y >= ring.start && p.y <= ring.end { color = ring.color }
    if let front, p.z > 0.05 { color = shirtFront(front, p) ?? color }
    if let head { color = face(head, p) ?? color }
    return color
  }

  private func shirtFront(_ front: Front, _ p: SIMD3<Float>) -> CanvasColor? {
    let across = abs(p.x)
    if p.y > 0.62, across < (p.y - 0.62) * 1.1 { return front.skin }
    switch front.kind {
    case .bib:
      if across < 0.52, p.y > -0.62, p.y < 0.38 {
        let digit = across > 0.1 && across < 0.36 && abs(p.y + 0.12) < 0.3
        return digit ? front.mark : front.panel
      }
    case .emblem:
      let distance = p.x * p.x + (p.y + 0.1) * (p.y + 0.1)
      if distance < 0.07 { return front.mark }
      if distance < 0.3 { return front.panel }
    case .buttons:
      if across < 0.06 { return front.mark }
      if across < 0.24 { return front.panel }
    }
    return nil
  }

  private func face(_ head: Head, _ p: SIMD3<Float>) -> CanvasColor? {
    if 0.75 * p.y - 0.7 * p.z > head.hairline { return head.hair }
    guard p.z > 0 else { return nil }
    let across = abs(p.x)
    if head.glasses {
      if across < 0.72, abs(p.y - 0.1) < 0.17 { return head.eyes }
    } else if abs(across - 0.38) < 0.17, abs(p.y - 0.1) < 0.14 {
      return head.eyes
    }
    if across < 0.3, abs(p.y + 0.5) < 0.09 { return head.mouth }
    return nil
  }
}
