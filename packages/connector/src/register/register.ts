import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import { Secret } from '@postern/program'
import { Connector } from '../connector.ts'
import type { ConnectorOptions } from '../connector-options.ts'
import { loadConnectorSettings } from '../settings/load-settings.ts'
import { Hook } from './hook.ts'

/** What {@link register} takes: endpoints and apps as a Connector does; ports are not opened. */
export type RegisterOptions = Pick<
  ConnectorOptions,
  'endpoints' | 'apps' | 'framing' | 'tls' | 'proxy' | 'searchDomains' | 'logger'
>

/**
 * Leads the connections of this process to endpoints through the relay from now on: net, tls, http, fetch and everything
 * built on them. To be called once, early; importing this module does it with the settings of the environment.
 *
 * @throws {RelayError} InvalidConfiguration, InvalidConnectionString
 */
export function register(options: RegisterOptions): void {
  // A connection that streams share would be open when the last of them is closed, and the program would never end.
  new Hook(new Connector({ ...options, listen: false, watch: false, carriers: 'off' })).install()
}

registerFromEnvironment()

function registerFromEnvironment(): void {
  const { endpoints, apps, options } = loadConnectorSettings({})
  if (endpoints.length + apps.length === 0) return
  register({
    endpoints,
    apps,
    framing: options.framing,
    tls: options.tls ? trustOf(options.tlsCa) : false,
    ...(options.proxy !== undefined && { proxy: new Secret(readProxy(options.proxy)) }),
  })
}

/** For relays alone: whom the program trusts is its own affair. */
function trustOf(files: readonly string[]): { readonly ca?: string[] } {
  if (files.length === 0) return {}
  const usual = typeof tls.getCACertificates === 'function' ? tls.getCACertificates('default') : tls.rootCertificates
  return { ca: [...usual, ...files.map((file) => readFileSync(file, 'utf8'))] }
}

function readProxy(text: string): string {
  return text.startsWith('@') ? readFileSync(text.slice(1), 'utf8').trim() : text
}
