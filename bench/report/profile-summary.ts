import { basename } from 'node:path'

/** What Node writes with `--cpu-prof`, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  /** Ids of nodes, one for each look. */
  readonly samples: readonly number[]
  /** Microseconds since the look before. */
  readonly timeDeltas: readonly number[]
}

/** How many functions are shown. */
const shownFunctions = 20

/** Time by function without what it called, the dearest first, as lines of text; waiting is not work and left out. */
export function summariseProfile(profile: CpuProfile): string {
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const times = new Map<string, number>()
  profile.samples.forEach((id, index) => {
    const name = names.get(id) ?? '?'
    times.set(name, (times.get(name) ?? 0) + (profile.timeDeltas[index] ?? 0))
  })
  times.delete('(idle)')
  const total = [...times.values()].reduce((sum, time) => sum + time, 0)
  return [...times]
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, shownFunctions)
    .map(
      ([name, us]) =>
        `${((100 * us) / total).toFixed(1).padStart(5)} % ${(us / 1000).toFixed(0).padStart(7)} ms  ${name}`,
    )
    .join('\n')
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  return url === '' ? name : `${name} ${basename(url)}:${lineNumber + 1}`
}
