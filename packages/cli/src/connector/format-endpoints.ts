import type { ConnectorStatus } from '@postern/connector'
import { safeText } from '@postern/program'
import { formatTable } from '../format-table.ts'

/** Endpoints as a table, and below it what is wrong. */
export function formatEndpoints({ endpoints, problems }: ConnectorStatus): string {
  const rows = endpoints.map((each) =>
    [
      each.endpoint,
      each.address ?? '-',
      each.state,
      `${each.relay}/${each.hybridConnection}`,
      String(each.connections),
      each.origin,
    ].map(safeText),
  )
  const table =
    rows.length === 0
      ? 'No endpoints yet.\n'
      : formatTable(['ENDPOINT', 'ADDRESS', 'STATE', 'HYBRID CONNECTION', 'OPEN', 'FROM'], rows)
  const wrong = [
    ...problems,
    ...endpoints.flatMap(({ problem }) => problem ?? []),
    ...endpoints.flatMap(({ lastError }) => (lastError ? [`last error, ${lastError.at}: ${lastError.message}`] : [])),
  ]
  return `${table}${wrong.map((line) => `${safeText(line)}\n`).join('')}`
}
