import type { DoctorReport, HopResult, HopState } from './finding.ts'
import { type Hop, hopTable } from './hop-table.ts'

const words: Readonly<Record<HopState, string>> = { ok: 'ok', warning: 'warning', failed: 'FAILED', skipped: 'skipped' }

const hopWidth = Math.max(...Object.keys(hopTable).map((hop) => hop.length))
const indent = ' '.repeat(2 + 9 + hopWidth + 12)

/** A line for each hop, what to do below those that are not as they should be. */
export function formatReports(reports: readonly DoctorReport[]): string {
  return reports.map(formatReport).join('\n')
}

function formatReport({ subject, hops }: DoctorReport): string {
  const failed = hops.filter(({ state }) => state === 'failed')
  const verdict =
    failed.length === 0
      ? 'Nothing is broken.'
      : `Broken: ${failed.map(({ hop }) => hop).join(', ')}. First: ${failed[0]?.hop}.`
  return `${[printable(subject), ...hops.flatMap(formatHop), `  ${verdict}`].join('\n')}\n`
}

function formatHop({ hop, state, ms, seen, fix }: HopResult): readonly string[] {
  const time = state === 'skipped' ? '' : `${ms} ms`
  const line = `  ${words[state].padEnd(9)}${hop.padEnd(hopWidth)}${time.padStart(10)}  ${printable(seen)}`
  return fix === undefined ? [line] : [line, `${indent}${printable(fix)}`]
}

/** The exit code of the first hop that is broken; 0 when none is. */
export function doctorExitCode(reports: readonly DoctorReport[]): number {
  const failed = new Set(
    reports.flatMap(({ hops }) => hops.filter(({ state }) => state === 'failed')).map(({ hop }) => hop),
  )
  const first = (Object.keys(hopTable) as Hop[]).find((hop) => failed.has(hop))
  return first === undefined ? 0 : hopTable[first].exitCode
}

/** The reports for programs. */
export function reportsJson(reports: readonly DoctorReport[]): string {
  return `${JSON.stringify({ exitCode: doctorExitCode(reports), reports }, null, 2)}\n`
}

/** Names and reasons come from elsewhere; a terminal obeys none of them. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u{2028}\u{2029}]/gu, '?')
}
