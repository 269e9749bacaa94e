import { readFileSync } from 'node:fs'

const systemResolverFile = '/etc/resolv.conf'

/** The domains below which the system looks for short names: the last `search` or `domain` line counts (resolv.conf(5)). */
export function readSearchDomains(path: string = systemResolverFile): readonly string[] {
  const lines = readLines(path).filter((line) => /^(?:search|domain)\s/.test(line))
  const [, ...domains] = lines.at(-1)?.split(/\s+/) ?? []
  return domains.map((domain) => domain.toLowerCase().replace(/\.$/, '')).filter((domain) => domain !== '')
}

/** The addresses of the system's resolvers, in their order. */
export function readNameservers(path: string = systemResolverFile): readonly string[] {
  return readLines(path).flatMap((line) => /^nameserver\s+(\S+)/.exec(line)?.[1] ?? [])
}

/** A system without the file asks nobody and searches nothing. */
function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.replace(/[#;].*/, '').trim())
  } catch {
    return []
  }
}
