import PackagePlugin

/// Writes down, before each build, which commit is being built. The file changes only with the commit, so that nothing
/// else is built again.
@main
struct Commit: BuildToolPlugin {
  private static let script = """
    commit=$(git -C "$1" describe --always --dirty --abbrev=12 --exclude '*' 2>/dev/null || echo unknown)
    text="/// What is built, as git calls it.
    let commit = \\"$commit\\""
    mkdir -p "$2" || exit
    [ "$(cat "$2/Commit.swift" 2>/dev/null)" = "$text" ] || printf '%s\\n' "$text" >"$2/Commit.swift"
    """

  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let output = context.pluginWorkDirectoryURL.appending(path: "commit")
    return [
      .prebuildCommand(
        displayName: "Asking git for the commit", executable: .init(filePath: "/bin/sh"),
        arguments: ["-c", Self.script, "sh", context.package.directoryURL.path, output.path],
        outputFilesDirectory: output)
    ]
  }
}
