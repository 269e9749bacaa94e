import { markdownRow } from '@postern/program'
import { type MetricEntry, metricTable } from './metric-table.ts'

/** Documents the metrics in Markdown, one row each. */
export function metricsMarkdown(): string {
  const rows = Object.entries<MetricEntry>(metricTable).map(
    ([name, { kind, labels, azureName, inIngressProcess, help }]) =>
      markdownRow([
        `\`${name}\``,
        kind,
        labels.map((label) => `\`${label}\``).join(', '),
        azureName === undefined ? '' : `\`${azureName}\``,
        inIngressProcess ? 'yes' : '',
        help,
      ]),
  )
  return `${[markdownRow(['name', 'kind', 'labels', "Azure's name", '`postern ingress`', 'meaning']), '|---|---|---|---|---|---|', ...rows].join('\n')}\n`
}
