import { Counter, Gauge, Registry } from 'prom-client'
import { type MetricSample, type MetricSources, metricReaders, type ProcessMetricSources } from './metric-readers.ts'
import { type IngressProcessMetricName, type MetricEntry, type MetricName, metricTable } from './metric-table.ts'

/** The `/metrics` page in Prometheus' text format 0.0.4. Nothing is kept between scrapes: values are read from the sources. */
export class MetricsPage {
  readonly contentType: string
  readonly #registry = new Registry()

  private constructor(readers: Iterable<readonly [MetricName, () => Iterable<MetricSample>]>) {
    this.contentType = this.#registry.contentType
    for (const [name, read] of readers) registerMetric(this.#registry, name, metricTable[name], read)
  }

  /** All metrics of the table. */
  static ofRelay(sources: MetricSources): MetricsPage {
    const names = Object.keys(metricTable) as MetricName[]
    return new MetricsPage(names.map((name) => [name, () => metricReaders[name](sources)]))
  }

  /** Those that an ingress process beside a relay has. */
  static ofIngressProcess(sources: ProcessMetricSources): MetricsPage {
    const names = (Object.keys(metricTable) as MetricName[]).filter(isInIngressProcess)
    return new MetricsPage(names.map((name) => [name, () => metricReaders[name](sources)]))
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

function isInIngressProcess(name: MetricName): name is IngressProcessMetricName {
  const entry: MetricEntry = metricTable[name]
  return entry.inIngressProcess === true
}
