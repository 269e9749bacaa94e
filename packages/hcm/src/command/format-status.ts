import type { ServiceStatus } from '../service/service-status.ts'
import type { HybridConnectionStatus } from '../service/status.ts'

const mebibyte = 1024 * 1024

/** The service itself, in a few lines. */
export function formatService(status: ServiceStatus): string {
  const { Version, Pid, StartedOn, StateFolder, LogFile = 'none', Joined, MemoryBytes } = status
  const lines = [
    `hcm ${Version}, process ${Pid}, running since ${StartedOn}, ${Math.round(MemoryBytes / mebibyte)} MiB of memory`,
    `state: ${StateFolder}, log: ${LogFile}`,
    ...(Joined ? [`joined: ${Joined.Endpoint} as ${Joined.Name}`] : []),
    `${status.Connected} of ${status.HybridConnections} hybrid connections are connected, ${status.Streams} streams are open`,
  ]
  return `${lines.map(printable).join('\n')}\n`
}

/** All hybrid connections as a table, and below it what is wrong and what to do. */
export function formatStatuses(statuses: readonly HybridConnectionStatus[]): string {
  if (statuses.length === 0) return 'No hybrid connections yet. Add one: hcm add "<connection string>"\n'
  const rows = statuses.map(({ Namespace, Name, Endpoint = '-', Status, Target, Streams }) =>
    [Namespace, Name, Endpoint, Status, Target, String(Streams)].map(printable),
  )
  const lines = [['NAMESPACE', 'NAME', 'ENDPOINT', 'STATUS', 'TARGET', 'STREAMS'], ...rows]
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0))) ?? []
  const table = lines.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const problems = statuses.flatMap((status) => problemLines(status, `${status.Namespace}/${status.Name}: `))
  return `${[...table, ...problems].join('\n')}\n`
}

/** Everything about one hybrid connection, a line for each fact. */
export function formatStatus(status: HybridConnectionStatus): string {
  const { LastError: last, Problem: _, ...facts } = status
  const lines = Object.entries(facts).map(([name, value]) => `${`${name}:`.padEnd(20)}${printable(String(value))}`)
  if (last) lines.push(`${'LastError:'.padEnd(20)}${last.At} ${printable(last.Message)}`)
  return `${[...lines, ...problemLines(status, '')].join('\n')}\n`
}

function problemLines({ Problem: problem }: HybridConnectionStatus, prefix: string): readonly string[] {
  if (!problem) return []
  const { Hop, Message, WhatToDo } = problem
  return [printable(`${prefix}problem at the ${Hop}: ${Message}`), printable(`  ${WhatToDo}`)]
}

/** Names and reasons come from elsewhere; a terminal obeys none of them. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u{2028}\u{2029}]/gu, '?')
}
