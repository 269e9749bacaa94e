import { applyNetworkFlags, type OptionFlags, onShutdownSignal, RareLines, type ShutdownSignal } from '@postern/program'
import { openLog } from '../log/open-log.ts'
import { loadHcmOptions } from '../options/load-hcm-options.ts'
import { runHcm } from '../run-hcm.ts'
import { defaultStateFolder } from './hcm-paths.ts'

/** Runs the service until Ctrl-C or SIGTERM. */
export async function runCommand(flags: OptionFlags, file: string | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<ShutdownSignal>()
  const dispose = onShutdownSignal(resolve)
  try {
    const { values, unknownEnvironment } = loadHcmOptions({ flags, file })
    const { stateDir: folder = defaultStateFolder(), tlsCa, logLevel, logFormat, logMaxBytes } = values
    const proxy = await applyNetworkFlags({ tlsCa, ...(values.proxy !== undefined && { proxy: values.proxy }) })
    using log = openLog({ folder, maxBytes: logMaxBytes, level: logLevel, format: logFormat })
    const logger = new RareLines(log.logger)
    if (unknownEnvironment.length > 0) logger.warn('hcm.unknown-environment', { names: unknownEnvironment })
    const hcm = await runHcm({
      folder,
      tls: values.tls ? {} : false,
      proxy,
      logger,
      logFile: log.path,
      entityIntervalMs: values.entityInterval,
      probeIntervalMs: values.probeInterval,
      reportIntervalMs: values.reportInterval,
      carriers: values.carriers,
      resume: { timeoutMs: values.resumeTimeout, bufferBytes: values.resumeBuffer },
      takeOver: values.takeOver ? { timeoutMs: values.handOverTimeout } : undefined,
    })
    logger.info('hcm.started', { socket: hcm.socketPath, hybridConnections: hcm.service.list().length })
    const signal = await Promise.race([promise, hcm.retired.then(() => undefined)])
    if (signal === undefined) {
      logger.info('hcm.retired', { drainMs: values.handOverDrain })
      await Promise.race([hcm.stop({ graceMs: values.handOverDrain }), promise.then(() => hcm.stop({ graceMs: 0 }))])
      return
    }
    logger.info('hcm.stopping', { signal })
    await hcm.stop({ graceMs: signal === 'SIGTERM' ? values.drainTimeout : 0 })
  } finally {
    dispose()
  }
}
