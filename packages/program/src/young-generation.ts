import { performance } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

const mib = 1_048_576

/** V8's space for new objects has two halves, one of which is in use: 4 MiB each. Twice as much gains little, and is memory of idle connections. */
const enoughBytes = 8 * mib

/** Of the time between two looks: a burst of connections that then stay idle is less. */
const busyShare = 0.5

/** While it may grow: in this time it doubles once, rarely more. */
const growingLookMs = 20

/**
 * Keeps V8's space for new objects small, for the life of the process: 2 MiB at first, 8 MiB when the program is busy, rarely 16; call it before anything else.
 *
 * A chunk that passes through is memory outside of the heap that is freed when its small object is collected, and that
 * happens when this space is full. At the 64 MiB that it grows to by itself, a relay under load holds some 70 MiB of
 * chunks that nobody needs any more (measured with HTTP bodies: 230 MiB resident instead of 170, and more CPU time). At
 * 2 MiB it is searched so often that a connection costs 10 to 20 % more.
 *
 * V8 doubles it when as much as it holds has survived; the limit cannot be set in a program that runs, but whether it doubles
 * can. It keeps the size that it has reached.
 */
export function boundYoungGeneration({ lookEveryMs = 1000 }: { readonly lookEveryMs?: number } = {}): void {
  setGrowth(1)
  let before = performance.eventLoopUtilization()
  const look = (): void => {
    const now = performance.eventLoopUtilization()
    const isBusy = performance.eventLoopUtilization(now, before).utilization > busyShare
    before = now
    const mayGrow = isBusy && youngGenerationBytes() < enoughBytes
    setGrowth(mayGrow ? 2 : 1)
    setTimeout(look, mayGrow ? growingLookMs : lookEveryMs).unref()
  }
  setTimeout(look, lookEveryMs).unref()
}

function setGrowth(factor: number): void {
  setFlagsFromString(`--semi-space-growth-factor=${factor}`)
}

function youngGenerationBytes(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? enoughBytes
}
