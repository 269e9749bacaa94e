import { readFile } from 'node:fs/promises'
import tls from 'node:tls'
import { createLogger, onShutdownSignal, type ShutdownSignal } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { runHcm } from '../run-hcm.ts'

/** Flags of `hcm run`. */
export interface RunFlags {
  readonly stateDir: string
  readonly tlsCa?: string
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
    // For both ways to the relay, the WebSocket and the management API.
    if (flags.tlsCa !== undefined)
      tls.setDefaultCACertificates([...tls.getCACertificates('default'), await readCa(flags.tlsCa)])
    const logger = createLogger({ level: flags.verbose ? 'debug' : 'info', format: flags.json ? 'json' : 'text' })
    const hcm = await runHcm({ folder: flags.stateDir, tls: flags.tls ? {} : false, logger })
    logger.info('hcm.started', { socket: hcm.socketPath, hybridConnections: hcm.service.list().length })
    const signal = await promise
    await hcm.stop({ graceMs: signal === 'SIGTERM' ? graceMs : 0 })
  } finally {
    dispose()
  }
}

async function readCa(file: string): Promise<string> {
  const pem = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new RelayError('InvalidConfiguration', {
      message: `--tls-ca ${file} cannot be read: ${cause.message}`,
      cause,
    })
  })
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem
  throw new RelayError('InvalidConfiguration', { message: `--tls-ca ${file} holds no certificate in PEM form` })
}
