/** Why nobody could be talked to, and what to do where that is known. */
export interface NetworkReason {
  /** The shortest true word: `ECONNREFUSED`, `timeout`, what is wrong with a certificate. */
  readonly reason: string
  readonly help?: string
}

/** Reads what a socket, a look-up or TLS threw. */
export function networkReason(thrown: unknown): NetworkReason {
  if (!(thrown instanceof Error)) return { reason: String(thrown) }
  if (thrown.name === 'TimeoutError') return { reason: 'timeout' }
  const code = (thrown as NodeJS.ErrnoException).code ?? ''
  if (code === 'ETIMEDOUT' || code === 'WS_HANDSHAKE_TIMEOUT') return { reason: 'timeout' }
  // Happy Eyeballs reports all its attempts at once; they rarely differ.
  if (thrown instanceof AggregateError) return networkReason(thrown.errors[0] ?? thrown.message)
  if (code === 'ENOTFOUND') return { reason: 'ENOTFOUND (no such host name)', help: nameHelp }
  if (untrusted.has(code)) return { reason: withoutAdvice(thrown.message), help: trustHelp }
  if (code.startsWith('E') && !code.startsWith('ERR_')) return { reason: code, ...helpByCode[code] }
  return { reason: thrown.message.replaceAll(/\s+/g, ' ') || code }
}

const nameHelp = 'Check the host name in the connection string, and the DNS of this machine.'

const helpByCode: Readonly<Record<string, { readonly help: string }>> = {
  ECONNREFUSED: { help: 'Check host and port, and that the relay runs.' },
  ENETUNREACH: { help: 'Check the network of this machine.' },
  EHOSTUNREACH: { help: 'Check the network of this machine, and that the relay is up.' },
}

const trustHelp =
  'Trust the authority that has signed its certificate: --tls-ca FILE, NODE_EXTRA_CA_CERTS, or the store of the system.'

const untrusted: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
])

/** Node goes on to speak of options of its own, which are not those of the program. */
function withoutAdvice(message: string): string {
  return message.replace(/; if the root CA is installed locally.*$/s, '')
}
