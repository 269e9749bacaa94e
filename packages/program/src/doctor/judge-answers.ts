import { broken, doubtful, type Finding, fine } from './finding.ts'
import type { HttpAnswer } from './probe-http.ts'

/** Statuses with which a relay refuses a handshake that has no token. */
const refusals: ReadonlySet<number> = new Set([401, 403, 404, 429, 503])

/**
 * Says whether a handshake without a token came to a relay as a handshake. Relays write a tracking id into the reason phrase;
 * nothing else does.
 */
export function judgeUpgrade({ status, reason, headers }: HttpAnswer): Finding {
  const isRelay = /TrackingId:/i.test(reason)
  if (status === 101) return fine('the handshake was answered by an upgrade')
  if (isRelay && refusals.has(status))
    return fine(`the relay answers handshakes (${status} without a token, as it should)`)
  const said = [`${status} ${reason.replace(/[.,;]?\s*TrackingId:.*$/is, '')}`.trim(), ...signs(headers)].join(', ')
  if (isRelay || status === 426) {
    return broken(
      `the handshake reached the relay as an ordinary request (${said})`,
      'Something on the way removes Connection and Upgrade: have WebSockets to the relay passed, in the proxy, load balancer or TLS inspection.',
    )
  }
  return broken(
    `the handshake was answered by something that is no relay (${said})`,
    'Check host and port; if they are right, a proxy, load balancer or TLS inspection answers in its place: have WebSockets to the relay passed.',
  )
}

/** Who may have answered. */
function signs({ server, via }: HttpAnswer['headers']): readonly string[] {
  return [
    ...(server === undefined ? [] : [`Server: ${[server].flat().join(', ')}`]),
    ...(via === undefined ? [] : [`Via: ${[via].flat().join(', ')}`]),
  ]
}

const slightSkewMs = 30_000
const harmfulSkewMs = 300_000

/** Compares the clocks; the answer's has whole seconds. */
export function judgeClock(date: string | undefined, nowMs: number): Finding {
  const theirsMs = date === undefined ? Number.NaN : Date.parse(date)
  if (Number.isNaN(theirsMs)) return doubtful('the answer says no time', 'Compare the clocks of both machines.')
  const skewMs = nowMs - theirsMs
  const seconds = Math.round(Math.abs(skewMs) / 1000)
  const text = `the clock of this machine is ${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} that of the relay`
  if (Math.abs(skewMs) < slightSkewMs) return fine(seconds < 2 ? 'both clocks agree' : text)
  const fix = 'Set the clock of this machine: timedatectl set-ntp true. Tokens and certificates have a time.'
  return Math.abs(skewMs) < harmfulSkewMs ? doubtful(text, fix) : broken(text, fix)
}
