import { applyNetworkFlags, createLogger, onShutdownSignal, type ShutdownSignal } from '@postern/program'
import { runHcm } from '../run-hcm.ts'

/** Flags of `hcm run`. */
export interface RunFlags {
  readonly stateDir: string
  readonly proxy?: string
  readonly tlsCa: readonly string[]
  readonly tls: boolean
  readonly json?: boolean
  readonly verbose?: boolean
}

/** Streams that are open when a service manager stops the HCM may end for this long; Ctrl-C cuts them. */
const graceMs = 10_000

/** Runs the service until Ctrl-C or SIGTERM. */
export async function runCommand(flags: RunFlags): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<ShutdownSignal>()
  const dispose = onShutdownSignal(resolve)
  try {
    const proxy = await applyNetworkFlags(flags)
    const logger = createLogger({ level: flags.verbose ? 'debug' : 'info', format: flags.json ? 'json' : 'text' })
    const hcm = await runHcm({ folder: flags.stateDir, tls: flags.tls ? {} : false, proxy, logger })
    logger.info('hcm.started', { socket: hcm.socketPath, hybridConnections: hcm.service.list().length })
    const signal = await promise
    await hcm.stop({ graceMs: signal === 'SIGTERM' ? graceMs : 0 })
  } finally {
    dispose()
  }
}
