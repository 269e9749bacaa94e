import { onShutdownSignal, type ShutdownSignal } from '@postern/program'

/** A promise of the signal that asks this program to stop. */
export interface ShutdownRequest extends Disposable {
  readonly signal: Promise<ShutdownSignal>
  /** True as soon as it came. */
  readonly isMade: boolean
}

/** Waits for Ctrl-C or SIGTERM from now on, until it is disposed; a second one ends the process at once. */
export function awaitShutdown(): ShutdownRequest {
  const { promise, resolve } = Promise.withResolvers<ShutdownSignal>()
  let isMade = false
  const dispose = onShutdownSignal((signal) => {
    isMade = true
    resolve(signal)
  })
  return {
    signal: promise,
    get isMade() {
      return isMade
    },
    [Symbol.dispose]: dispose,
  }
}
