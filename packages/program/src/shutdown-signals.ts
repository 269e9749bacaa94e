/** The signals that ask a program to stop: Ctrl-C, and what service managers send. */
export type ShutdownSignal = 'SIGINT' | 'SIGTERM'

/** The part of `process` that is needed, so that tests need no real signals. */
export interface SignalSource {
  on(signal: ShutdownSignal, listener: () => void): unknown
  off(signal: ShutdownSignal, listener: () => void): unknown
  exit(code: number): unknown
}

/** 128 plus the signal's number, as shells report it. */
const exitCodes: Readonly<Record<ShutdownSignal, number>> = { SIGINT: 130, SIGTERM: 143 }

/**
 * Calls back at the first SIGINT or SIGTERM, for a graceful stop; the second ends the process at once with 130 or 143.
 * @returns the function that ends listening; call it when everything has stopped
 */
export function onShutdownSignal(
  callback: (signal: ShutdownSignal) => void,
  source: SignalSource = process,
): () => void {
  let isStopping = false
  const listen = (signal: ShutdownSignal) => (): void => {
    if (isStopping) {
      source.exit(exitCodes[signal])
      return
    }
    isStopping = true
    callback(signal)
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
