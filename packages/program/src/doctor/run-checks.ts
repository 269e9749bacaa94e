import { broken, type Finding, type HopResult, notChecked } from './finding.ts'
import { type Hop, hopTable } from './hop-table.ts'

/** Looks at one hop. */
export interface Check {
  readonly hop: Hop
  /** Hops without which it makes no sense: when one is broken, this one is skipped. */
  readonly needs?: readonly Hop[]
  /** Hops whose result it uses, whatever it is. */
  readonly after?: readonly Hop[]
  /** Default 4 s. */
  readonly deadlineMs?: number
  /** What it throws is a failed hop. */
  run(signal: AbortSignal): Finding | Promise<Finding>
}

/** Settings of {@link runChecks}. */
export interface RunChecksOptions {
  /** Ends everything that has not ended. */
  readonly signal: AbortSignal
  /** Results that checks may need, of an earlier run; they come first in the results. */
  readonly prior?: readonly HopResult[]
}

const defaultDeadlineMs = 4_000

/** Runs checks, each as soon as those that it needs are done, and gives their results in the order of the checks. */
export async function runChecks(
  checks: readonly Check[],
  { signal, prior = [] }: RunChecksOptions,
): Promise<readonly HopResult[]> {
  const results = new Map<Hop, Promise<HopResult>>(prior.map((result) => [result.hop, Promise.resolve(result)]))
  for (const check of checks) results.set(check.hop, runCheck(check, results, signal))
  return Promise.all([...prior, ...checks.map(({ hop }) => results.get(hop) as Promise<HopResult>)])
}

async function runCheck(
  check: Check,
  results: ReadonlyMap<Hop, Promise<HopResult>>,
  signal: AbortSignal,
): Promise<HopResult> {
  const { hop, needs = [], after = [], deadlineMs = defaultDeadlineMs } = check
  // Only what stands before it in the list: what comes later is not in the map yet.
  const needed = await Promise.all(needs.flatMap((each) => results.get(each) ?? []))
  await Promise.all(after.map((each) => results.get(each)))
  const culprit = needed.find(({ state }) => state === 'failed' || state === 'skipped')
  if (culprit) return { hop, ms: 0, ...notChecked(`not checked, as ${culprit.hop} ${reasonOf(culprit)}`) }
  if (signal.aborted) return { hop, ms: 0, ...notChecked('not checked, as there was no time left') }
  const startedAtMs = performance.now()
  const finding = await within(check, AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]), deadlineMs)
  return { hop, ms: Math.round(performance.now() - startedAtMs), ...finding }
}

function reasonOf({ state }: HopResult): string {
  return state === 'failed' ? 'is broken' : 'was not checked'
}

async function within(check: Check, signal: AbortSignal, deadlineMs: number): Promise<Finding> {
  const { fix } = hopTable[check.hop]
  const late = Promise.withResolvers<Finding>()
  const onAbort = (): void => late.resolve(broken(`no answer within ${deadlineMs / 1000} s`, fix))
  signal.addEventListener('abort', onAbort)
  try {
    // A check that does not heed its signal holds nobody up.
    return await Promise.race([Promise.resolve(check.run(signal)), late.promise])
  } catch (error) {
    if (signal.aborted) return await late.promise
    return broken(error instanceof Error ? error.message : String(error), fix)
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
