import Glibc

// Feeds every reader of files with inputs made from good ones: each is to be accepted or refused with an error, in
// bounded time and memory. Started by Tests/System/test-fuzz, one reader at a time:

//     fuzz-readers READER ROOT WORK INPUTS SEED

/// Seconds one input may take before SIGALRM ends the process.
let patience: UInt32 = 20
/// Resident memory allowed in all, in KiB.
let mostMemory = 2 << 20

func say(_ text: String) {
  print(text)
  fflush(nil)
}

func replace(_ path: String, with bytes: [UInt8]) -> Bool {
  unlink(path)
  let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
  guard descriptor >= 0 else { return false }
  defer { close(descriptor) }
  return write(descriptor, bytes, bytes.count) == bytes.count
}

func peakMemory() -> Int {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss
}

let arguments = CommandLine.arguments
guard arguments.count == 6, let inputs = Int(arguments[4]), let seed = UInt64(arguments[5]) else {
  say("usage: fuzz-readers READER ROOT WORK INPUTS SEED")
  exit(2)
}
let (name, work) = (arguments[1], arguments[3])
do {
  guard let reader = try Reader.named(name, root: arguments[2], work: work) else {
    say("no reader \(name)")
    exit(2)
  }
  // What is being read when the process dies lies here.
  let path = "\(work)/input"
  // A reader that refuses everything would pass.
  guard replace(path, with: reader.mutator.sample), try reader.read(reader.mutator.sample, path) else {
    say("the good sample is refused")
    exit(1)
  }
  var accepted = 0
  for number in 0..<inputs {
    let input = reader.mutator.input(seed: seed, number: number)
    guard replace(path, with: input) else {
      say("cannot write \(path)")
      exit(2)
    }
    alarm(patience)
    do {
      if try reader.read(input, path) { accepted += 1 }
    } catch let error as Reader.Inconsistent {
      say("input \(number) of seed \(seed): \(error)")
      exit(1)
    } catch {
      // Refused, as it should be, and said in words.
      guard !"\(error)".isEmpty else {
        say("input \(number) of seed \(seed): an error without words")
        exit(1)
      }
    }
  }
  alarm(0)
  guard peakMemory() <= mostMemory else {
    say("\(peakMemory() >> 10) MiB of memory were needed")
    exit(1)
  }
  say("\(inputs) inputs, \(accepted) accepted, at most \(peakMemory() >> 10) MiB of memory")
} catch {
  say("\(error)")
  exit(2)
}
