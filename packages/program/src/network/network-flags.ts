import { readFile } from 'node:fs/promises'
import { RelayError } from '@postern/protocol'
import { Secret } from '../secret.ts'
import { trustAuthorities } from './trust-authorities.ts'

/** Options that every program has which reaches a relay: flags and what they mean. */
export const networkFlagTable = {
  proxy: {
    flags: '--proxy <URL>',
    help: 'proxy on the way to the relay: http, https or socks5://[USER:PASSWORD@]HOST:PORT, @FILE that holds it, or off; default: HTTPS_PROXY, ALL_PROXY, NO_PROXY',
  },
  tlsCa: {
    flags: '--tls-ca <FILE>',
    help: 'PEM file of certificate authorities to trust, besides the public ones and those of the system; may be repeated',
  },
} as const

/** What a command line says about the way to the relay. */
export interface NetworkFlags {
  readonly proxy?: string
  readonly tlsCa?: readonly string[]
}

/**
 * Makes this program trust what it shall, and gives the proxy that was named.
 *
 * @throws {RelayError} InvalidConfiguration when a file cannot be read or holds no certificate.
 */
export async function applyNetworkFlags({ proxy, tlsCa = [] }: NetworkFlags): Promise<Secret | undefined> {
  await trustAuthorities(tlsCa)
  if (proxy === undefined || !proxy.startsWith('@')) return proxy === undefined ? undefined : new Secret(proxy)
  const file = proxy.slice(1)
  try {
    return new Secret((await readFile(file, 'utf8')).trim())
  } catch (cause) {
    throw new RelayError('InvalidConfiguration', {
      message: `--proxy cannot read ${file}: ${(cause as Error).message}`,
      cause,
    })
  }
}
