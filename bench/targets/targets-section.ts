import { metricTable } from '../load/workload-table.ts'
import { repeatableCommand } from '../report/repeatable-command.ts'
import { alignMarkdown } from '../report/tables.ts'
import { type Best, evaluateTarget, type TargetInRun } from './evaluate-target.ts'
import type { RunDocument } from './run-document.ts'
import type { Target, TargetGroup } from './target-table.ts'

const header = ['what', 'wanted', 'ours', 'best of the others', 'ratio', 'met?', 'repeat it']

/** What bench/results.md says about targets: one table for each group, each cell run by run. */
export function formatTargetsSection(groups: readonly TargetGroup[], runs: readonly RunDocument[]): string {
  const lines = [
    ...runs.map(
      ({ machine, command, date, problems }, index) =>
        `- Run ${index + 1}: \`${command}\`${date === undefined ? '' : `, ${date}`}, ${machine}${problems.length === 0 ? '' : `; ${problems.length} problems`}`,
    ),
    '- A cell has the medians of the runs in this order. Ours is the better of bridges and connector with HCM where both are measured. The ratio is ours against the best of the others in the same run: above 1, ours is better.',
    '- The last column repeats a row with the candidates that its numbers are from; with what else the command of a run says (`--congestion`) it is that run again.',
  ]
  const tables = groups.map(
    ({ title, targets }) =>
      `### ${title}\n\n${alignMarkdown([header, ...targets.map((target) => formatTarget(target, runs))])}`,
  )
  return ['## Targets', lines.join('\n'), ...tables].join('\n\n')
}

function formatTarget(target: Target, runs: readonly RunDocument[]): readonly string[] {
  const results = runs.map((run) => evaluateTarget(target, run))
  const { what, row, dividedBy, metric } = target
  const rows = [row, ...(dividedBy === undefined ? [] : [dividedBy])]
  const others = results.map((result) => result.others)
  const names = unique(others)
  const measured = [...unique(results.map(({ ours }) => ours)), ...names]
  return [
    `${what}${dividedBy === undefined ? `, ${metricTable[metric].unit}` : ''} (${rows.map((name) => `\`${name}\``).join(', ')})`,
    formatWanted(target),
    formatValues(
      target,
      results.map(({ ours }) => ours),
    ),
    [formatValues(target, others), ...names].join(', '),
    results.map(({ ratio }) => (ratio === undefined ? '-' : `${ratio.toFixed(2)}x`)).join(' / '),
    formatVerdict(target, results),
    formatCommand(rows, measured.length > 0 ? measured : [...target.ours, ...target.others]),
  ]
}

function formatWanted({ wantedFactor, wantedMost }: Target): string {
  if (wantedMost !== undefined) return `at most ${wantedMost}`
  return wantedFactor === undefined ? '-' : `${wantedFactor}x`
}

function formatValues({ metric, dividedBy }: Target, values: readonly (Best | undefined)[]): string {
  const digits = dividedBy === undefined ? metricTable[metric].decimals : 1
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits }
  return values.map((best) => (best === undefined ? '-' : best.value.toLocaleString('en', options))).join(' / ')
}

function formatVerdict({ wantedFactor, wantedMost }: Target, results: readonly TargetInRun[]): string {
  if (wantedFactor === undefined && wantedMost === undefined) return '-'
  const told = results.flatMap(({ isMet }) => (isMet === undefined ? [] : [isMet]))
  const met = told.filter(Boolean).length
  if (told.length === 0) return 'not measured'
  if (met === told.length) return 'met'
  return met === 0 ? 'not met' : `met in ${met} of ${told.length} runs`
}

function formatCommand(rows: readonly string[], candidates: readonly string[]): string {
  const args = ['--peers', 'bench/peers.example.json', '--rows', rows.join(','), '--only', candidates.join(',')]
  return `\`${repeatableCommand('bench', args)}\``
}

function unique(values: readonly (Best | undefined)[]): readonly string[] {
  return [...new Set(values.flatMap((best) => (best === undefined ? [] : [best.candidate])))]
}
