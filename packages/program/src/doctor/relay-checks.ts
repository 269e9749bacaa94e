import { checkName } from './check-names.ts'
import { checkTcp } from './check-tcp.ts'
import { checkTls } from './check-tls.ts'
import { broken, doubtful, type Finding, fine, notChecked } from './finding.ts'
import { hopTable } from './hop-table.ts'
import { judgeClock, judgeUpgrade } from './judge-answers.ts'
import { type HttpAnswer, probeUpgrade } from './probe-http.ts'
import type { Check } from './run-checks.ts'
import type { Way } from './way.ts'

/** Settings of {@link relayChecks}. */
export interface RelayChecksOptions {
  readonly way: Way
  /** Any hybrid connection there: a handshake needs one. */
  readonly path: string
  /** What an error of the proxy means. */
  readonly describeProxyFailure: (error: unknown) => Finding
}

/** The checks from DNS to the clock: all that is the same for every hybrid connection of one relay. */
export function relayChecks(options: RelayChecksOptions): readonly Check[] {
  return [...networkChecks(options), ...handshakeChecks(options)]
}

function networkChecks({ way, describeProxyFailure }: RelayChecksOptions): readonly Check[] {
  const { host, port, proxy } = way
  const first = proxy
    ? ({ host: proxy.host, port: proxy.port, what: 'the proxy' } as const)
    : ({ host, port, what: 'the relay' } as const)
  return [
    {
      hop: 'dns',
      deadlineMs: 3_000,
      run: async () => {
        const writtenIn = proxy ? '--proxy or HTTPS_PROXY' : 'the connection string'
        const finding = await checkName({ ...first, writtenIn })
        return proxy && finding.state === 'ok' ? fine(`${finding.seen}; it resolves ${host} itself`) : finding
      },
    },
    { hop: 'tcp', needs: ['dns'], deadlineMs: 3_000, run: (signal) => checkTcp(first, signal) },
    {
      hop: 'proxy',
      needs: ['tcp'],
      run: async (signal) => {
        if (!proxy) return fine('none is used')
        try {
          ;(await way.open(signal)).on('error', () => {}).destroy()
          return fine(`${proxy.toString()} leads to ${host}:${port}`)
        } catch (error) {
          return describeProxyFailure(error)
        }
      },
    },
  ]
}

function handshakeChecks({ way, path }: RelayChecksOptions): readonly Check[] {
  const { host, secure, ca } = way
  const answer: { upgrade?: HttpAnswer } = {}
  const entity = path.split('/').map(encodeURIComponent).join('/')
  return [
    {
      hop: 'tls',
      needs: ['proxy'],
      run: async (signal) => {
        if (!secure) return doubtful('off, as it was told', 'Tokens travel readable; use it on this machine only.')
        return checkTls({ host, ca, what: 'the relay', stream: await way.open(signal) }, signal)
      },
    },
    {
      hop: 'upgrade',
      needs: ['tls'],
      run: async (signal) => {
        try {
          answer.upgrade = await probeUpgrade(way, `/$hc/${entity}?sb-hc-action=listen`, signal)
        } catch (error) {
          if (signal.aborted) throw error
          const reason = error instanceof Error ? error.message : String(error)
          return broken(`the handshake was cut off without an answer (${reason})`, hopTable.upgrade.fix)
        }
        return judgeUpgrade(answer.upgrade)
      },
    },
    {
      hop: 'clock',
      needs: ['tls'],
      after: ['upgrade'],
      run: () =>
        answer.upgrade
          ? judgeClock(answer.upgrade.headers.date, Date.now())
          : notChecked('not known, without an answer'),
    },
  ]
}
