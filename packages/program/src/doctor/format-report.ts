import type { DoctorReport, HopResult, HopState } from './finding.ts'
import { type Hop, hopTable } from './hop-table.ts'

const words: Readonly<Record<HopState, string>> = { ok: 'ok', warning: 'warning', failed: 'FAILED', skipped: 'skipped' }

const hopWidth = Math.max(...Object.keys(hopTable).map((hop) => hop.length))
const indent = ' '.repeat(2 + 9 + hopWidth + 12)

/** Narrower than this there is no room beside the hops. */
const minTextWidth = 24

/**
 * A line for each hop, what to do below those that are not as they should be.
 *
 * @param columns of the terminal: longer lines go on below the text. Without it, as in a pipe, lines are as long as they are.
 */
export function formatReports(reports: readonly DoctorReport[], columns = 0): string {
  const width = columns - indent.length < minTextWidth ? Number.POSITIVE_INFINITY : columns - indent.length
  return reports.map((report) => formatReport(report, width)).join('\n')
}

function formatReport({ subject, hops }: DoctorReport, width: number): string {
  const [first, ...others] = hops.filter(({ state }) => state === 'failed').map(({ hop }) => hop)
  const begin = others.length === 0 ? '' : ` Begin with ${first}.`
  const verdict = first === undefined ? 'Nothing is broken.' : `Broken: ${[first, ...others].join(', ')}.${begin}`
  return `${[printable(subject), ...hops.flatMap((hop) => formatHop(hop, width)), `  ${verdict}`].join('\n')}\n`
}

function formatHop({ hop, state, ms, seen, fix }: HopResult, width: number): readonly string[] {
  const time = state === 'skipped' ? '' : `${ms} ms`
  const beginning = `  ${words[state].padEnd(9)}${hop.padEnd(hopWidth)}${time.padStart(10)}  `
  const [first = '', ...rest] = linesOf(printable(seen), width)
  const whatToDo = fix === undefined ? [] : linesOf(printable(fix), width)
  return [`${beginning}${first}`, ...[...rest, ...whatToDo].map((line) => `${indent}${line}`)]
}

/** Breaks a text between words; a longer word stays whole. */
function linesOf(text: string, width: number): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
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
