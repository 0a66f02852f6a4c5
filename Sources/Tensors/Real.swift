/// The number type of activations, parameters and gradients.
///
/// Float, except in the build that checks the hand-written backward passes: with the environment variable
/// EQUIPOISE_PRECISION=double at build time the same code runs wholly in Double, where central differences and
/// PyTorch's float64 can be matched to 1e-9 (Tests/, docs/design/numerics.md).
#if EQUIPOISE_DOUBLE
  public typealias Real = Double
#else
  public typealias Real = Float
#endif
