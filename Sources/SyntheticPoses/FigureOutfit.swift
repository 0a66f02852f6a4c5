import Tensors

/// What a figure wears, and its skin and hair.
struct FigureOutfit {
  var skin: CanvasColor
  var shirt: CanvasColor
  var trousers: CanvasColor
  var shoes: CanvasColor
  var socks: CanvasColor
  var hair: CanvasColor
  /// The one vivid colour of what is worn on the left: armband, watch, elbow and knee pad, odd sock.
  var accent: CanvasColor
  var head: FigureMaterial.Head
  var front: FigureMaterial.Front
  var stripes: FigureMaterial.Stripes?
  /// How far sleeves reach: to 1 on the upper arm, to 2 on the forearm.
  var sleeves: Double
  /// How far trousers reach: to 1 on the thigh, to 2 on the shank.
  var legs: Double
  var hasArmband: Bool
  var hasWatch: Bool
  /// Pads are of the accent's colour on the left and white on the right.
  var hasElbowPads: Bool
  var hasKneePads: Bool
  var hasOddSock: Bool
  /// A white glove, on the right hand.
  var hasGlove: Bool
  var hasLongHair: Bool
  var wantsSkirt: Bool

  init(_ random: inout CounterRandom, difficulty: Double) {
    let tone = random.uniform()
    let warmth = random.uniform(-0.03, 0.03)
    skin = CanvasColor(
      red: 0.36 + 0.58 * tone, green: 0.22 + 0.55 * tone + warmth, blue: 0.15 + 0.5 * tone - warmth)
    shirt = CanvasColor.any(&random)
    trousers = random.uniform() < 0.6 ? CanvasColor.muted(&random) : CanvasColor.any(&random)
    shoes = random.uniform() < 0.5 ? CanvasColor.grey(random.uniform(0.05, 0.25)) : CanvasColor.any(&random)
    socks = CanvasColor.grey(random.uniform(0.2, 0.95))
    let hairTone = random.uniform()
    let darkness = random.uniform(0.5, 1)
    hair =
      hairTone < 0.12
      ? .grey(random.uniform(0.6, 0.85))
      : CanvasColor(
        red: (0.08 + 0.62 * hairTone * hairTone) * darkness, green: (0.06 + 0.42 * hairTone * hairTone) * darkness,
        blue: (0.05 + 0.15 * hairTone * hairTone) * darkness)
    let accents: [CanvasColor] = [
      CanvasColor(red: 1, green: 0.95, blue: 0.1), CanvasColor(red: 0.1, green: 1, blue: 0.95),
      CanvasColor(red: 1, green: 0.15, blue: 0.85), CanvasColor(red: 1, green: 0.55, blue: 0),
    ]
    accent = accents[random.integer(below: accents.count)]
    head = FigureMaterial.Head(
      hair: hair, hairline: Float(random.uniform() < 0.06 ? 1.1 : random.uniform(0.02, 0.3)),
      eyes: .grey(random.uniform(0, 0.12)), mouth: CanvasColor(red: 0.55, green: 0.12, blue: 0.12),
      glasses: random.uniform() < 0.15)
    let pale = random.uniform() < 0.7
    let kinds: [FigureMaterial.Front.Kind] = [.bib, .bib, .emblem, .buttons]
    front = FigureMaterial.Front(
      panel: pale ? .grey(random.uniform(0.82, 1)) : .any(&random), mark: .grey(random.uniform(0, 0.2)), skin: skin,
      kind: kinds[random.integer(below: kinds.count)])
    if random.uniform() < 0.3 {
      stripes = FigureMaterial.Stripes(
        color: .any(&random), period: Float(random.uniform(0.25, 0.55)), vertical: random.uniform() < 0.3)
    }
    let sleeveStyles = [0.0, 0.55, 0.55, 0.75, 2, 2]
    sleeves = sleeveStyles[random.integer(below: sleeveStyles.count)]
    let legStyles = [0.35, 0.7, 0.9, 1.5, 2, 2, 2]
    legs = legStyles[random.integer(below: legStyles.count)]
    let cue = 1 - 0.2 * difficulty
    hasArmband = random.uniform() < cue
    hasWatch = random.uniform() < cue
    hasElbowPads = random.uniform() < cue
    hasKneePads = random.uniform() < cue
    hasOddSock = random.uniform() < cue
    hasGlove = random.uniform() < cue
    hasLongHair = random.uniform() < 0.3
    wantsSkirt = random.uniform() < 0.2
  }

  private func pad(_ isLeft: Bool) -> CanvasColor { isLeft ? accent : .grey(0.97) }

  func upperArm(isLeft: Bool) -> FigureMaterial {
    var material = FigureMaterial(skin)
    if sleeves > 0 {
      material.rings.append(.init(start: 0, end: Float(min(sleeves, 1)), color: shirt))
    }
    if isLeft && hasArmband { material.rings.append(.init(start: 0.35, end: 0.6, color: accent)) }
    if hasElbowPads { material.rings.append(.init(start: 0.86, end: 1, color: pad(isLeft))) }
    return material
  }

  func forearm(isLeft: Bool) -> FigureMaterial {
    var material = FigureMaterial(skin)
    if sleeves > 1 { material.rings.append(.init(start: 0, end: Float(sleeves - 1) * 0.92, color: shirt)) }
    if hasElbowPads { material.rings.append(.init(start: 0, end: 0.14, color: pad(isLeft))) }
    if isLeft && hasWatch { material.rings.append(.init(start: 0.72, end: 0.98, color: accent)) }
    if !isLeft && hasGlove { material.rings.append(.init(start: 0.8, end: 1, color: .grey(0.97))) }
    return material
  }

  func hand(isLeft: Bool) -> FigureMaterial {
    FigureMaterial(!isLeft && hasGlove ? .grey(0.97) : skin)
  }

  func thigh(isLeft: Bool) -> FigureMaterial {
    var material = FigureMaterial(skin)
    material.rings.append(.init(start: 0, end: Float(min(legs, 1)), color: trousers))
    if hasKneePads { material.rings.append(.init(start: 0.86, end: 1, color: pad(isLeft))) }
    return material
  }

  func shank(isLeft: Bool) -> FigureMaterial {
    var material = FigureMaterial(skin)
    material.rings.append(.init(start: 0.65, end: 1, color: socks))
    if legs > 1 { material.rings.append(.init(start: 0, end: Float(legs - 1) * 0.96, color: trousers)) }
    if isLeft && hasOddSock { material.rings.append(.init(start: 0.74, end: 1, color: accent)) }
    if hasKneePads { material.rings.append(.init(start: 0, end: 0.16, color: pad(isLeft))) }
    return material
  }

  /// Chest and abdomen; the bib is only on the chest.
  func torso(hasFront: Bool) -> FigureMaterial {
    var material = FigureMaterial(shirt)
    material.stripes = stripes
    if hasFront || front.kind == .buttons { material.front = front }
    return material
  }

  var headMaterial: FigureMaterial {
    var material = FigureMaterial(skin)
    material.head = head
    return material
  }
}
