import Glibc
import Platform

/// Which names mean this host.
enum ThisHost {
  /// Whether `name` is one of the usual ones, without asking a name server.
  @Sendable static func isNamed(_ name: String) -> Bool {
    let own = Host.name.prefix { $0 != "." }
    return name == Host.name || name == own || name == "localhost" || name.hasPrefix("127.")
  }

  /// Whether `name` is one of the usual ones, or of an address that this host has.
  @Sendable static func isMeant(_ name: String) -> Bool {
    if isNamed(name) { return true }
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(name, nil, &hints, &found) == 0 else { return false }
    defer { freeaddrinfo(found) }
    let own = addresses
    var entry = found
    while let address = entry {
      if own.contains(numeric(address.pointee.ai_addr)) { return true }
      entry = address.pointee.ai_next
    }
    return false
  }

  private static var addresses: Set<[UInt8]> {
    var found: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&found) == 0 else { return [] }
    defer { freeifaddrs(found) }
    var all: Set<[UInt8]> = []
    var entry = found
    while let interface = entry {
      all.insert(numeric(interface.pointee.ifa_addr))
      entry = interface.pointee.ifa_next
    }
    all.remove([])
    return all
  }

  /// The bytes of an address of IPv4 or IPv6; none of any other.
  private static func numeric(_ address: UnsafeMutablePointer<sockaddr>?) -> [UInt8] {
    guard let address else { return [] }
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
      return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        withUnsafeBytes(of: $0.pointee.sin_addr, Array.init)
      }
    case AF_INET6:
      return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
        withUnsafeBytes(of: $0.pointee.sin6_addr, Array.init)
      }
    default: return []
    }
  }
}
