import Crypto

/// SHA-256 (FIPS 180-4) as 64 hexadecimal digits.
public enum SHA256Hex {
  public static func digest(of text: String) -> String {
    digest(of: Array(text.utf8))
  }

  public static func digest(of bytes: [UInt8]) -> String {
    text(of: SHA256.hash(data: bytes))
  }

  static func text(of digest: SHA256.Digest) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
