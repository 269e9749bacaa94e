import type { ConnectorOptions } from '../connector-options.ts'
import type { ConnectorSettings } from './load-settings.ts'

/** What a connector is made with by its settings, however it is used; proxy and log are the program's. */
export function connectorOptionsOf({ endpoints, apps, options, stateFolder }: ConnectorSettings): ConnectorOptions {
  return {
    endpoints,
    apps,
    framing: options.framing,
    carriers: options.carriers,
    resume: { timeoutMs: options.resumeTimeout, bufferBytes: options.resumeBuffer },
    tls: options.tls ? {} : false,
    stateFolder,
  }
}
