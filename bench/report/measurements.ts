import type { Sample } from '../load/sample.ts'
import { type MetricName, metricTable } from '../load/workload-table.ts'
import { sumCpu } from '../processes/cpu-by-process.ts'
import { type Spread, toSpread } from './statistics.ts'

/** Everything that was measured, by candidate, workload and repetition. */
export class Measurements {
  readonly #samples = new Map<string, Map<number, Sample>>()
  /** Candidates and workloads that failed at least once. */
  readonly #failed = new Set<string>()
  readonly #problems: string[] = []

  add(candidate: string, workload: string, repetition: number, sample: Sample): void {
    const key = `${candidate}\n${workload}`
    const samples = this.#samples.get(key) ?? new Map<number, Sample>()
    this.#samples.set(key, samples.set(repetition, sample))
    if (sample.errors > 0) {
      const detail = sample.complaint === '' ? '' : ` (${sample.complaint.split('\n')[0]})`
      this.addProblem(`${candidate}, ${workload}, repetition ${repetition}: ${sample.errors} errors${detail}`)
    }
  }

  /** Notes that a row gave no number on a candidate: it stays in the table, without one. */
  fail(candidate: string, workload: string, repetition: number, reason: string): void {
    this.#failed.add(`${candidate}\n${workload}`)
    this.addProblem(`${candidate}, ${workload}, repetition ${repetition}: ${reason}`)
  }

  /** Whether it was measured, with or without success. */
  wasTried(candidate: string, workload: string): boolean {
    const key = `${candidate}\n${workload}`
    return this.#samples.has(key) || this.#failed.has(key)
  }

  /** Notes something that the reader of the numbers must know. */
  addProblem(text: string): void {
    this.#problems.push(text)
  }

  get problems(): readonly string[] {
    return this.#problems
  }

  /** Samples of one workload by repetition. */
  samples(candidate: string, workload: string): ReadonlyMap<number, Sample> {
    return this.#samples.get(`${candidate}\n${workload}`) ?? new Map<number, Sample>()
  }

  /** Median and range of one metric over the repetitions. */
  spread(candidate: string, workload: string, metric: MetricName): Spread | undefined {
    const values = [...this.samples(candidate, workload).values()].map(({ metrics }) => metrics[metric])
    return toSpread(values.filter((value) => value !== undefined))
  }

  /** CPU cost by process in the unit of the metric: medians over the repetitions, dearest process first. */
  costByProcess(candidate: string, workload: string, metric: MetricName): ReadonlyMap<string, number> {
    const costs = new Map<string, number[]>()
    for (const { metrics, cpuByProcess } of this.samples(candidate, workload).values()) {
      const cost = metrics[metric]
      const total = sumCpu(cpuByProcess)
      if (cost === undefined || total === 0) continue
      for (const [name, seconds] of Object.entries(cpuByProcess)) {
        costs.set(name, [...(costs.get(name) ?? []), (cost * seconds) / total])
      }
    }
    const medians = [...costs].map(([name, values]) => [name, toSpread(values)?.median ?? 0] as const)
    return new Map(medians.toSorted(([, one], [, other]) => other - one))
  }

  /**
   * How many times better `subject` is than `other`: above 1 it is better, whichever direction is good for the metric.
   * Each ratio is taken inside one repetition, where both met the same state of the machine.
   */
  advantage(subject: string, other: string, workload: string, metric: MetricName): Spread | undefined {
    const ratios: number[] = []
    for (const [repetition, sample] of this.samples(subject, workload)) {
      const ours = sample.metrics[metric]
      const theirs = this.samples(other, workload).get(repetition)?.metrics[metric]
      if (ours === undefined || theirs === undefined || !(ours > 0) || !(theirs > 0)) continue
      ratios.push(metricTable[metric].isHigherBetter ? ours / theirs : theirs / ours)
    }
    return toSpread(ratios)
  }

  /** The load used nearly a whole core in the median run: the candidate may be able to do more. */
  isLoadBound(candidate: string, workload: string): boolean {
    const shares = [...this.samples(candidate, workload).values()].map(({ loadShare }) => loadShare)
    return (toSpread(shares)?.median ?? 0) > 0.95
  }
}
