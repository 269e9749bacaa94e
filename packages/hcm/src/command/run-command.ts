import { applyNetworkFlags, type OptionFlags, onShutdownSignal, RareLines, type ShutdownSignal } from '@postern/program'
import { openLog } from '../log/open-log.ts'
import { loadHcmOptions } from '../options/load-hcm-options.ts'
import { runHcm } from '../run-hcm.ts'
import { StateStore } from '../state/state-store.ts'
import { defaultStateFolder } from './hcm-paths.ts'

/** Runs the service until Ctrl-C or SIGTERM. */
export async function runCommand(flags: OptionFlags, file: string | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<ShutdownSignal>()
  const dispose = onShutdownSignal(resolve)
  try {
    const { values, unknownEnvironment } = loadHcmOptions({ flags, file })
    const { stateDir: folder = defaultStateFolder(), tlsCa, logLevel, logFormat, logMaxBytes } = values
    const proxy = await applyNetworkFlags({ tlsCa, ...(values.proxy !== undefined && { proxy: values.proxy }) })
    const store = await StateStore.open(folder)
    using log = openLog({ folder, maxBytes: logMaxBytes, level: logLevel, format: logFormat })
    const logger = new RareLines(log.logger)
    if (unknownEnvironment.length > 0) logger.warn('hcm.unknown-environment', { names: unknownEnvironment })
    const hcm = await runHcm({
      folder,
      store,
      tls: values.tls ? {} : false,
      proxy,
      logger,
      logFile: log.path,
      entityIntervalMs: values.entityInterval,
      probeIntervalMs: values.probeInterval,
      reportIntervalMs: values.reportInterval,
      carriers: values.carriers,
    })
    logger.info('hcm.started', { socket: hcm.socketPath, hybridConnections: hcm.service.list().length })
    const signal = await promise
    logger.info('hcm.stopping', { signal })
    await hcm.stop({ graceMs: signal === 'SIGTERM' ? values.drainTimeout : 0 })
  } finally {
    dispose()
  }
}
