import type { Duplex } from 'node:stream'

/** Where a relay is, and how a program gets there. */
export interface Way {
  readonly host: string
  readonly port: number
  /** False for plain TCP. */
  readonly secure: boolean
  /** Authorities besides those that this program trusts anyway. */
  readonly ca?: string | readonly string[] | undefined
  /** The proxy on the way, which then resolves the name of the relay. Its text form has no credentials. */
  readonly proxy?: { readonly host: string; readonly port: number; toString(): string } | undefined
  /** Opens a byte stream to the relay: by TCP, or by the tunnel of the proxy. */
  readonly open: (signal: AbortSignal) => Promise<Duplex>
}
