import { parseArgs } from 'node:util'
import fc from 'fast-check'

/** What every property of a fuzz target is checked with. */
export interface FuzzRun {
  readonly numRuns: number
  readonly plugins: ReturnType<typeof fc.interruptAfterTimeLimit>[]
  readonly seed?: number
}

/**
 * How long a target runs and from which seed: `--seconds N` and `--seed N` behind the file, or POSTERN_FUZZ_SECONDS; else 10
 * seconds, 60 in CI. A failure prints its seed and the smallest input that shows it.
 */
export function fuzzRun(): FuzzRun {
  const { values } = parseArgs({ options: { seconds: { type: 'string' }, seed: { type: 'string' } } })
  const seconds = Number(
    values.seconds ?? process.env['POSTERN_FUZZ_SECONDS'] ?? (process.env['CI'] === 'true' ? 60 : 10),
  )
  return {
    numRuns: Number.MAX_SAFE_INTEGER,
    plugins: [fc.interruptAfterTimeLimit(seconds * 1000)],
    ...(values.seed !== undefined && { seed: Number(values.seed) }),
  }
}
