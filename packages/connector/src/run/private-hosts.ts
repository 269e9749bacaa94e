/**
 * The hosts file that the program sees: the lines of the endpoints first, then the real file without their names, since resolvers give all
 * addresses that a file has for a name.
 */
export function formatPrivateHosts(realHosts: string, endpoints: readonly string[]): string {
  const ours = new Set(endpoints.flatMap((line) => line.split(' ').slice(1).map(foldName)))
  const lines = [...endpoints]
  for (const line of realHosts.split('\n')) {
    const kept = withoutNames(line, ours)
    if (kept !== undefined) lines.push(kept)
  }
  return `${lines.join('\n').trimEnd()}\n`
}

/** The line as it was when it has none of the names; undefined when nothing else is left. */
function withoutNames(line: string, names: ReadonlySet<string>): string | undefined {
  const [address, ...words] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/)
  const others = words.filter((word) => !names.has(foldName(word)))
  if (others.length === words.length) return line
  return others.length === 0 ? undefined : `${address}\t${others.join(' ')}`
}

function foldName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}
