import { broken, doubtful, type Finding, fine } from './finding.ts'

/** What a TLS handshake showed. */
export interface SeenCertificate {
  /** Node's code of why it is not accepted. */
  readonly problem: string | undefined
  readonly host: string
  /** `CN=...`, of who signed the certificate. */
  readonly issuer: string
  /** Names in the certificate: `DNS:a, IP Address:b`. */
  readonly names: string
  readonly validFrom: Date
  readonly validUntil: Date
  /** `TLSv1.3` */
  readonly protocol: string
  /** Whose it is: `the relay`, `the target`. */
  readonly what: string
  /** What the other side says that the time is, in ms since 1970. */
  readonly theirClockMs?: number | undefined
}

const soonMs = 14 * 86_400_000
const notableSkewMs = 300_000

/** Says whether a certificate is good, and if not, which of the ways in which they are bad this is. */
export function judgeCertificate(seen: SeenCertificate, nowMs: number): Finding {
  const { problem, what, host, issuer, names, protocol, validUntil } = seen
  if (problem === undefined) {
    const text = `${protocol}, certificate for ${host} by ${issuer}, good until ${dayOf(validUntil)}`
    if (validUntil.getTime() - nowMs > soonMs) return fine(text)
    return doubtful(text, `It ends soon: have the certificate of ${what} renewed.`)
  }
  if (problem === 'CERT_HAS_EXPIRED' || problem === 'CERT_NOT_YET_VALID') return judgeDates(seen, nowMs)
  if (problem === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return broken(
      `the certificate is not for ${host} but for ${names || 'no name at all'}; it is by ${issuer}`,
      `Write one of these names in place of ${host}, or give ${what} a certificate for ${host}. If none of them is yours, something else answers here.`,
    )
  }
  if (untrusted.has(problem)) {
    return broken(
      `the certificate is by ${issuer}, which is not trusted here (${problem})`,
      `If ${issuer} is the authority of ${what} or of your company (TLS inspection), trust it: --tls-ca FILE with its certificate, or the store of the system. If you do not know it, somebody intercepts the connection.`,
    )
  }
  return broken(
    `the certificate by ${issuer} is not accepted: ${problem}`,
    `Have the certificate of ${what} looked at.`,
  )
}

const untrusted: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_UNTRUSTED',
  'INVALID_CA',
])

function judgeDates(seen: SeenCertificate, nowMs: number): Finding {
  const { validFrom, validUntil, issuer, what, theirClockMs } = seen
  const text = `the certificate by ${issuer} is good from ${dayOf(validFrom)} to ${dayOf(validUntil)}, and here it is ${dayOf(new Date(nowMs))}`
  const skewMs = theirClockMs === undefined ? 0 : nowMs - theirClockMs
  if (Math.abs(skewMs) > notableSkewMs) {
    const seconds = Math.round(Math.abs(skewMs) / 1000)
    return broken(
      `${text}; the clock here is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} that of ${what}`,
      'Set the clock of this machine: timedatectl set-ntp true.',
    )
  }
  const isOver = nowMs > validUntil.getTime()
  return broken(
    text,
    isOver
      ? `The certificate has expired: have that of ${what} renewed.`
      : `The certificate is not valid yet: check the clock of this machine, and that of ${what}.`,
  )
}

function dayOf(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'an unknown day' : date.toISOString().slice(0, 16).replace('T', ' ')
}
