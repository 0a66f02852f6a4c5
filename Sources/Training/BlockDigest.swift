/// 64 bits that stand for a block of memory, to find replicas that have come apart; no defence against intent.
///
/// Four chains of multiply and rotate over 8-byte words, so that it runs at memory speed.
func blockDigest(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  let prime: UInt64 = 0x9e37_79b9_7f4a_7c15
  var chains = SIMD4<UInt64>(1, 2, 3, 4) &* prime
  var offset = 0
  while offset + 32 <= bytes.count {
    let words = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self)
    chains = (chains ^ words) &* SIMD4(repeating: prime)
    chains = (chains &<< 29) | (chains &>> 35)
    offset += 32
  }
  var digest = UInt64(bytes.count)
  for word in [chains.x, chains.y, chains.z, chains.w] { digest = (digest ^ word) &* prime ^ (digest >> 31) }
  for byte in bytes[offset...] { digest = (digest ^ UInt64(byte)) &* prime ^ (digest >> 31) }
  return digest
}
