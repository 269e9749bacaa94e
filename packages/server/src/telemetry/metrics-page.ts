import { Counter, Gauge, Registry } from 'prom-client'
import { type MetricSample, type MetricSources, metricReaders } from './metric-readers.ts'
import { type MetricEntry, type MetricName, metricTable } from './metric-table.ts'

/** The `/metrics` page in Prometheus' text format 0.0.4. Nothing is kept between scrapes: values are read from the sources. */
export class MetricsPage {
  readonly contentType: string
  readonly #registry = new Registry()

  constructor(sources: MetricSources) {
    this.contentType = this.#registry.contentType
    for (const [name, entry] of Object.entries(metricTable)) {
      // The names are the table's own: `metricReaders` has one for each.
      registerMetric(this.#registry, name, entry, () => metricReaders[name as MetricName](sources))
    }
  }

  async render(): Promise<{ readonly status: number; readonly text: string }> {
    return { status: 200, text: await this.#registry.metrics() }
  }
}

/** What stands behind `# HELP`: the meaning, and Azure's name where there is one. */
export function metricHelp(entry: MetricEntry): string {
  return entry.azureName === undefined ? entry.help : `${entry.help} Azure: ${entry.azureName}.`
}

function registerMetric(
  registry: Registry,
  name: string,
  entry: MetricEntry,
  read: () => Iterable<MetricSample>,
): void {
  const labelNames = [...entry.labels]
  const options = { name, help: metricHelp(entry), labelNames, registers: [registry] }
  const labelsOf = (sample: MetricSample): Record<string, string> =>
    Object.fromEntries(labelNames.map((label, index) => [label, sample.labels[index] ?? '']))
  if (entry.kind === 'gauge') {
    const gauge: Gauge = new Gauge({
      ...options,
      collect: () => {
        gauge.reset()
        // A metric without labels would show 0 after a reset although its source is silent.
        gauge.remove({})
        for (const sample of read()) gauge.set(labelsOf(sample), sample.value)
      },
    })
  } else {
    const counter: Counter = new Counter({
      ...options,
      collect: () => {
        counter.reset()
        for (const sample of read()) counter.inc(labelsOf(sample), sample.value)
      },
    })
  }
}
