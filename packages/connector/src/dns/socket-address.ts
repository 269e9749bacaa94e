import { isIP } from 'node:net'
import { RelayError } from '@postern/protocol'

/** An address and a port. */
export interface SocketPlace {
  readonly address: string
  readonly port: number
}

const dnsPort = 53
const maxPort = 65_535

/**
 * Reads `127.0.0.1:5300`, `[::1]:53`, or an address alone for port 53.
 *
 * @throws {RelayError} InvalidConfiguration
 */
export function parseSocketPlace(text: string, option: string): SocketPlace {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?::(\d{1,5}))?$/i.exec(text) ?? []
  const address = bracketed ?? plain ?? text
  const port = digits === undefined ? dnsPort : Number(digits)
  if (isIP(address) !== 0 && port <= maxPort) return { address, port }
  throw new RelayError('InvalidConfiguration', {
    message: `${option}: "${text}" is no address with a port: write it as 127.0.0.1:5300`,
  })
}

/** Writes a place so that `parseSocketPlace` reads it back. */
export function formatSocketPlace({ address, port }: SocketPlace): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
