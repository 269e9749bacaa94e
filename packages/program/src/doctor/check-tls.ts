import { once } from 'node:events'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect, type PeerCertificate, type TLSSocket } from 'node:tls'
import { broken, type Finding } from './finding.ts'
import { judgeCertificate, type SeenCertificate } from './judge-certificate.ts'

/** Whose TLS is looked at. */
export interface TlsCheck {
  readonly host: string
  /** `the relay`, `the target`. */
  readonly what: string
  readonly ca?: string | readonly string[] | undefined
  /** A byte stream to it. */
  readonly stream: Duplex
}

/** How long somebody whose certificate is out of date is waited for to say what time it is. */
const dateTimeoutMs = 1_000

/** Shakes hands and looks at the certificate. Nothing secret is sent, and nothing that is not trusted is used. */
export async function checkTls(check: TlsCheck, signal: AbortSignal): Promise<Finding> {
  const { host, what, ca, stream } = check
  const options: ConnectionOptions = {
    host,
    socket: stream,
    // Refused later, with the reason; by itself Node would only tell the first one.
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
  }
  const socket = connect(options)
  try {
    await once(socket, 'secureConnect', { signal })
    const seen = readCertificate(socket, check)
    const isOutOfDate = seen.problem === 'CERT_HAS_EXPIRED' || seen.problem === 'CERT_NOT_YET_VALID'
    const theirClockMs = isOutOfDate ? await readDate(socket, host) : undefined
    return judgeCertificate({ ...seen, theirClockMs }, Date.now())
  } catch (error) {
    return handshakeFailure(error, { what, isLate: signal.aborted })
  } finally {
    socket.on('error', () => {}).destroy()
    stream.destroy()
  }
}

function readCertificate(socket: TLSSocket, { host, what }: TlsCheck): SeenCertificate {
  // Node's types have an error; it is its code.
  const problem = socket.authorizationError as unknown as string | null | undefined
  const certificate = socket.getPeerCertificate()
  return {
    problem: problem ?? undefined,
    host,
    what,
    issuer: issuerOf(certificate),
    names: certificate.subjectaltname ?? '',
    validFrom: new Date(certificate.valid_from),
    validUntil: new Date(certificate.valid_to),
    protocol: socket.getProtocol() ?? 'TLS',
  }
}

function issuerOf({ issuer }: PeerCertificate): string {
  const { CN: commonName, O: organization } = issuer as {
    readonly CN?: string | string[]
    readonly O?: string | string[]
  }
  return `"${[commonName ?? organization ?? 'nobody'].flat().join(' ')}"`
}

/** The time of the other side, by the header of any answer. Undefined when it says none. */
async function readDate(socket: TLSSocket, host: string): Promise<number | undefined> {
  socket.write(`HEAD / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  try {
    const [chunk] = (await once(socket, 'data', { signal: AbortSignal.timeout(dateTimeoutMs) })) as [Buffer]
    const date = Date.parse(/^date:\s*(.*)$/im.exec(chunk.toString('latin1'))?.[1] ?? '')
    return Number.isNaN(date) ? undefined : date
  } catch {
    return undefined
  }
}

function handshakeFailure(
  error: unknown,
  { what, isLate }: { readonly what: string; readonly isLate: boolean },
): Finding {
  const { code = '', message } = error as NodeJS.ErrnoException
  if (isLate) {
    return broken(
      'no answer to the TLS handshake',
      `What accepts connections here does not speak TLS, or a firewall holds the handshake back: check the port of ${what}.`,
    )
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) {
    const reason = /:([^:]+):[^:]*$/.exec(message.trim())?.[1] ?? message
    return broken(
      `no TLS is spoken here (${/wrong version number|packet length too long|http request/i.exec(message)?.[0] ?? reason.trim()})`,
      what === 'the relay'
        ? 'Check the port; a relay that runs with --tls off is reached with --no-tls.'
        : `Check the port and the TLS settings of ${what}.`,
    )
  }
  return broken(
    `the connection was cut during the TLS handshake${code ? ` (${code})` : ''}`,
    `A firewall that looks at the name in TLS may have done it: have the host name of ${what} allowed.`,
  )
}
