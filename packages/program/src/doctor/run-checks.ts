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
/** A check whose time is over knows best what it was waiting for. */
const graceMs = 100

/** A result, and whether it makes no sense to look behind it. */
interface Outcome {
  readonly result: HopResult
  readonly isBarrier: boolean
}

/** Runs checks, each as soon as those that it needs are done, and gives their results in the order of the checks. */
export async function runChecks(
  checks: readonly Check[],
  { signal, prior = [] }: RunChecksOptions,
): Promise<readonly HopResult[]> {
  const outcomes = new Map<Hop, Promise<Outcome>>()
  for (const result of prior) {
    const isBarrier = result.state === 'failed' || result.state === 'skipped'
    outcomes.set(result.hop, Promise.resolve({ result, isBarrier }))
  }
  for (const check of checks) outcomes.set(check.hop, runCheck(check, { outcomes, signal }))
  return (await Promise.all(outcomes.values())).map(({ result }) => result)
}

interface Run {
  readonly outcomes: ReadonlyMap<Hop, Promise<Outcome>>
  readonly signal: AbortSignal
}

async function runCheck(check: Check, { outcomes, signal }: Run): Promise<Outcome> {
  const { hop, needs = [], after = [], deadlineMs = defaultDeadlineMs } = check
  const waited = Promise.all(after.flatMap((each) => outcomes.get(each) ?? []))
  const needed = await Promise.all(needs.flatMap((each) => outcomes.get(each) ?? []))
  await waited
  const barrier = needed.find(({ isBarrier }) => isBarrier)?.result
  if (barrier) {
    const reason = barrier.state === 'failed' ? 'is broken' : 'was not checked'
    return { result: { hop, ms: 0, ...notChecked(`not checked, as ${barrier.hop} ${reason}`) }, isBarrier: true }
  }
  if (signal.aborted) {
    return { result: { hop, ms: 0, ...notChecked('not checked, as there was no time left') }, isBarrier: true }
  }
  const startedAtMs = performance.now()
  const finding = await within(check, AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]), deadlineMs)
  const ms = Math.round(performance.now() - startedAtMs)
  return { result: { hop, ms, ...finding }, isBarrier: finding.state === 'failed' }
}

async function within(check: Check, signal: AbortSignal, deadlineMs: number): Promise<Finding> {
  const { fix } = hopTable[check.hop]
  const late = Promise.withResolvers<Finding>()
  let timer: NodeJS.Timeout | undefined
  const onAbort = (): void => {
    timer = setTimeout(() => late.resolve(broken(`no answer within ${deadlineMs / 1000} s`, fix)), graceMs)
  }
  signal.addEventListener('abort', onAbort)
  try {
    // A check that does not heed its signal holds nobody up.
    return await Promise.race([Promise.resolve(check.run(signal)), late.promise])
  } catch (error) {
    if (signal.aborted) return broken(`no answer within ${deadlineMs / 1000} s`, fix)
    return broken(error instanceof Error ? error.message : String(error), fix)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}
