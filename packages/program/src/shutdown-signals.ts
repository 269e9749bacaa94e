/** The signals that ask a program to stop: Ctrl-C, and what service managers send. */
export type ShutdownSignal = 'SIGINT' | 'SIGTERM'

/** The part of `process` that is needed, so that tests need no real signals. */
export interface SignalSource {
  on(signal: ShutdownSignal, listener: () => void): unknown
  off(signal: ShutdownSignal, listener: () => void): unknown
  exit(code: number): unknown
  /** Milliseconds on any steady clock. Default `performance.now`. */
  now?(): number
}

/** 128 plus the signal's number, as shells report it. */
const exitCodes: Readonly<Record<ShutdownSignal, number>> = { SIGINT: 130, SIGTERM: 143 }

/**
 * One Ctrl-C arrives several times when a terminal, npm and a launcher each pass it on; nobody presses it twice so fast.
 */
const sameRequestMs = 500

/**
 * Calls back at the first SIGINT or SIGTERM, for a graceful stop; the second ends the process at once with 130 or 143.
 * What follows the first within half a second is the same request, delivered by another way.
 * @returns the function that ends listening; call it when everything has stopped
 */
export function onShutdownSignal(
  callback: (signal: ShutdownSignal) => void,
  source: SignalSource = process,
): () => void {
  const now = (): number => source.now?.() ?? performance.now()
  let firstAtMs: number | undefined
  const listen = (signal: ShutdownSignal) => (): void => {
    if (firstAtMs === undefined) {
      firstAtMs = now()
      callback(signal)
    } else if (now() - firstAtMs >= sameRequestMs) {
      source.exit(exitCodes[signal])
    }
  }
  const onInterrupt = listen('SIGINT')
  const onTerminate = listen('SIGTERM')
  source.on('SIGINT', onInterrupt)
  source.on('SIGTERM', onTerminate)
  return () => {
    source.off('SIGINT', onInterrupt)
    source.off('SIGTERM', onTerminate)
  }
}
