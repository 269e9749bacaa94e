import { connect } from 'node:net'
import { checkName } from './check-names.ts'
import { checkTcp } from './check-tcp.ts'
import { checkTls } from './check-tls.ts'
import { doubtful, type Finding, notChecked } from './finding.ts'
import type { Hop } from './hop-table.ts'
import type { Check } from './run-checks.ts'

/** A service that streams are led to. */
export interface CheckedTarget {
  readonly host: string
  readonly port: number
}

/** Settings of {@link targetChecks}. */
export interface TargetChecksOptions {
  /** Undefined as long as it is not known; asked when its turn comes. */
  readonly target: () => CheckedTarget | undefined
  readonly needs: readonly Hop[]
  /** It must speak TLS with a certificate that is trusted here. Default: on ports of TLS it must speak it. */
  readonly demandsTls: boolean
}

/** HTTPS, LDAPS, SMTPS, IMAPS, POP3S, AMQPS, MQTTS, Kubernetes. */
const portsOfTls: ReadonlySet<number> = new Set([443, 465, 636, 853, 989, 990, 993, 995, 5671, 6443, 8443, 8883, 9443])

/** The checks from the name of a target to its certificate, from this machine. */
export function targetChecks({ target, needs, demandsTls }: TargetChecksOptions): readonly Check[] {
  const unknown = notChecked('not checked, as the target is not known')
  return [
    {
      hop: 'target-dns',
      needs,
      deadlineMs: 3_000,
      run: () => {
        const { host } = target() ?? {}
        return host === undefined ? unknown : checkName({ host, what: 'the target', writtenIn: 'the endpoint' })
      },
    },
    {
      hop: 'target-tcp',
      needs: ['target-dns'],
      run: (signal) => {
        const place = target()
        return place ? checkTcp({ ...place, what: 'the target' }, signal) : unknown
      },
    },
    {
      hop: 'target-tls',
      needs: ['target-tcp'],
      run: (signal) => {
        const place = target()
        if (!place) return unknown
        if (!demandsTls && !portsOfTls.has(place.port)) {
          return notChecked(`port ${place.port} is none of TLS; --target-tls checks it all the same`)
        }
        return checkTargetTls(place, { demandsTls, signal })
      },
    },
  ]
}

async function checkTargetTls(
  { host, port }: CheckedTarget,
  { demandsTls, signal }: { readonly demandsTls: boolean; readonly signal: AbortSignal },
): Promise<Finding> {
  const stream = connect({ host, port })
  const finding = await checkTls({ host, what: 'the target', stream }, signal)
  // Who decides is the application, which may know the authority.
  const isOfCertificate = finding.state === 'failed' && /\bcertificate\b/.test(finding.seen)
  if (demandsTls || !isOfCertificate) return finding
  return doubtful(finding.seen, `Only the application can tell whether it accepts that. ${finding.fix ?? ''}`.trim())
}
