/** A block of a hosts file that one connector has written. */
export interface HostsBlock {
  /** Tells connectors of one machine apart. */
  readonly id: string
  /** Whoever answers there has written it; nobody: it was left behind. */
  readonly socketPath: string
  readonly lines: readonly string[]
}

const begin = '# postern connector begin'
const end = '# postern connector end'
/** Behind every line of ours, so that no other goes with them when somebody's editor has cut a block. */
const mark = ' # postern'
const beginPattern = /^# postern connector begin (\S+) (.+?)(?: \(.*\))?$/

/** Reads the blocks of a hosts file. */
export function readHostsBlocks(text: string): readonly HostsBlock[] {
  const blocks: { id: string; socketPath: string; lines: string[] }[] = []
  let open: (typeof blocks)[number] | undefined
  for (const line of text.split('\n')) {
    const [, id, socketPath] = beginPattern.exec(line) ?? []
    if (id !== undefined && socketPath !== undefined) {
      open = { id, socketPath, lines: [] }
      blocks.push(open)
    } else if (line.startsWith(end)) open = undefined
    else if (line.endsWith(mark)) open?.lines.push(line.slice(0, -mark.length))
  }
  return blocks
}

/**
 * Takes blocks out of a hosts file and leaves everything else as it is.
 */
export function withoutHostsBlocks(text: string, isUnwanted: (block: HostsBlock) => boolean): string {
  const kept: string[] = []
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    const [, id, socketPath] = beginPattern.exec(line) ?? []
    if (id === undefined || socketPath === undefined || !isUnwanted({ id, socketPath, lines: [] })) {
      kept.push(line)
      continue
    }
    while (lines[at + 1]?.endsWith(mark)) at += 1
    if (lines[at + 1]?.startsWith(end)) at += 1
  }
  return kept.join('\n')
}

/** Puts a block before everything else: of several lines for one name, the first counts. */
export function withHostsBlock(text: string, { id, socketPath, lines }: HostsBlock): string {
  const others = withoutHostsBlocks(text, (block) => block.id === id)
  if (lines.length === 0) return others
  const hint = '(removed when the connector ends; left behind? postern connector clean)'
  return [`${begin} ${id} ${socketPath} ${hint}`, ...lines.map((line) => line + mark), `${end} ${id}`, others].join(
    '\n',
  )
}

/** Address to the names that stand beside it, of all lines or of those outside the block of one connector. */
export function readHostsEntries(text: string, withoutId?: string): ReadonlyMap<string, ReadonlySet<string>> {
  const entries = new Map<string, Set<string>>()
  for (const line of withoutHostsBlocks(text, ({ id }) => id === withoutId).split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (address === '') continue
    const known = entries.get(address) ?? new Set()
    for (const name of names) known.add(name.toLowerCase())
    entries.set(address, known)
  }
  return entries
}
