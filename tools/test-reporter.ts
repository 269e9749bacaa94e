// The reporter that node:test loads inside each test process (--test-reporter): readable text to standard output, and one
// JSON line per outcome to the file named by POSTERN_TEST_OUTCOMES. A line is written at once, so that a process that is
// killed has still told what it finished and what it was doing.
import { appendFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { spec, type TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'

/** What one test did. `started` without an end is what a killed process was doing. */
export interface TestOutcome {
  readonly outcome: 'started' | 'passed' | 'failed' | 'skipped'
  readonly name: string
  /** Why a test was skipped; empty when it does not say. */
  readonly reason?: string
  /** What a failed test threw, stack included, up to 4,000 characters. */
  readonly error?: string
}

const maxErrorCharacters = 4_000

/** Counts tests, and suites only where no test of theirs speaks for them (a failed hook, a skipped suite). */
export function toOutcome(event: TestEvent): TestOutcome | undefined {
  if (event.type === 'test:dequeue') return { outcome: 'started', name: event.data.name }
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return undefined
  const { name, skip, todo, details } = event.data
  if (skip !== undefined && skip !== false) return { outcome: 'skipped', name, reason: reasonOf(skip) }
  if (todo !== undefined && todo !== false) return { outcome: 'skipped', name, reason: `to do: ${reasonOf(todo)}` }
  if (event.type === 'test:pass') return details.type === 'suite' ? undefined : { outcome: 'passed', name }
  const { error } = event.data.details
  return failureType(error) === 'subtestsFailed' ? undefined : { outcome: 'failed', name, error: describeError(error) }
}

/** The test runner's own error is a wrapping; what the test threw is its cause. */
const describeError = (error: Error): string => inspect(error.cause ?? error).slice(0, maxErrorCharacters)

const reasonOf = (value: string | boolean): string => (typeof value === 'string' ? value : '')

function failureType(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'failureType' in error ? error.failureType : undefined
}

/** The reporter: node:test's own `spec` without the totals, which tools/run-tests.ts prints once for all files. */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const text of Readable.from(record(events)).pipe(new spec())) yield String(text)
}

async function* record(events: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
  const file = process.env['POSTERN_TEST_OUTCOMES']
  for await (const event of events) {
    const outcome = toOutcome(event)
    if (outcome && file !== undefined) appendFileSync(file, `${JSON.stringify(outcome)}\n`)
    if (event.type !== 'test:summary' && event.type !== 'test:diagnostic') yield event
  }
}
