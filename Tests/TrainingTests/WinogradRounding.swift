/// How much more Winograd's F(4×4, 3×3) rounds than a direct 3×3 convolution, from its transforms alone (Lavin and Gray,
/// CVPR 2016, section 4.3).
///
/// Let inputs and weights be independent with variance 1, and each product carry a relative error of variance u². A direct
/// convolution sums 9 products, so its error has variance 9 u². Winograd's output (i, j) sums 36 products over the points
/// (ξ, ν), in each direction weighted by Aᵀ_iξ, of transformed values with variances |Bᵀ_ξ|² and |G_ξ|²:
///
///     u² (Σ_ξ (Aᵀ_iξ)² |Bᵀ_ξ|² |G_ξ|²) (Σ_ν (Aᵀ_jν)² |Bᵀ_ν|² |G_ν|²)
///
/// κ² is the mean of this over i and j, divided by 9 u².
enum WinogradRounding {
  private static let inputTransform: [[Double]] = [
    [4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0], [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0],
    [0, 4, 0, -5, 0, 1],
  ]
  private static let weightTransform: [[Double]] = [
    [1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6], [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6], [0, 0, 1],
  ]
  private static let outputTransform: [[Double]] = [
    [1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1],
  ]

  /// κ: 10.8.
  static let amplification: Double = {
    let square = { (row: [Double]) in row.reduce(0) { $0 + $1 * $1 } }
    let variances = zip(inputTransform, weightTransform).map { square($0) * square($1) }
    let outputs = outputTransform.map { zip($0, variances).reduce(0) { $0 + $1.0 * $1.0 * $1.1 } }
    return outputs.reduce(0, +) / Double(outputs.count) / 3
  }()
}
