import { parseConnectionString } from '@postern/protocol'
import { programName } from '../program-name.ts'
import type { ReadyFacts } from '../ready-facts.ts'
import { bridgeTrustFlags, formatAddresses, formatConnectionStrings } from '../ready-report.ts'
import { shellQuote } from '../shell-quote.ts'
import { signToken } from '../sign-token.ts'
import type { DemoResources, UsableHybridConnection } from './demo-resources.ts'

/** What `postern start` has set up and seen working. */
export interface DemoFacts extends DemoResources {
  readonly servicePort: number
  /** `host:port` of the local end of the tunnel. */
  readonly localAddress: string
  /** Round-trip times in ms. */
  readonly tunnelMs: number
  readonly httpMs: number
}

/** Long enough for a day of trying out; `postern token create` makes new ones. */
const tokenTtlMs = 86_400_000

/** Says what runs, what was proven, and what to paste next. */
export function formatDemoReport(facts: ReadyFacts, demo: DemoFacts): string {
  const tunnel = `http://${demo.localAddress} -> relay -> 127.0.0.1:${demo.servicePort} (the private service)`
  return `Postern is ready, and it works: a request went through the tunnel to a private service and back in ${formatMs(demo.tunnelMs)}.

${formatAddresses(facts, [['tunnel', tunnel]])}${formatConnectionStrings(facts)}
${formatPasteNext(facts, demo)}
Ctrl-C stops everything${facts.dataDir === null ? '' : '; the next start has the same keys and CA'}.
`
}

function formatPasteNext(facts: ReadyFacts, demo: DemoFacts): string {
  const { data, caFile } = facts
  const postern = programName()
  const file = caFile === null ? undefined : shellQuote(caFile)
  const { token } = signToken(demo.demo.send, { ttlMs: tokenTtlMs })
  return `Paste next, in another terminal:

# HTTP through the relay (it took ${formatMs(demo.httpMs)}); the token is good for a day
curl ${file ? `--cacert ${file} ` : ''}-H 'ServiceBusAuthorization: ${token}' ${data}/${demo.demo.name}

# TCP through the relay, by a local port of your own; then: curl http://127.0.0.1:9000/
${postern} bridge -L 127.0.0.1:9000:${demo.demo.name} ${bridgeTrustFlags(facts)}-x ${shellQuote(demo.demo.send)}

# a message to everybody who subscribes to "${demo.free.name}"; the first command goes on, in a terminal of its own
${postern} subscribe ${bridgeTrustFlags(facts)}-x ${shellQuote(demo.free.listen)}
${postern} publish 'hello all' ${bridgeTrustFlags(facts)}-x ${shellQuote(demo.free.send)}

# hyco-ws as npm delivers it (npm install hyco-ws), both as listener and as sender of "${demo.free.name}"
${file ? `NODE_EXTRA_CA_CERTS=${file} ` : ''}node --eval '${hycoSnippet(demo.free, data)}'
`
}

/** Works inside single quotes. */
function hycoSnippet({ name, listen, send }: UsableHybridConnection, data: string): string {
  const listener = parseConnectionString(listen)
  const sender = parseConnectionString(send)
  const address = `${data.replace(/^http/, 'ws')}/$hc/${name}?sb-hc-action=`
  return `
const relay = require("hyco-ws"), url = "${address}"
const token = (keyName, key) => relay.createRelayToken(url, keyName, key)
relay.createRelayedServer({ server: url + "listen", token: () => token("${listener.keyName}", "${listener.key}") },
  (socket) => socket.on("message", (text) => socket.send("you said " + text)),
).on("listening", () => {
  const sender = relay.relayedConnect(url + "connect", token("${sender.keyName}", "${sender.key}"))
  sender.on("open", () => sender.send("hello")).on("message", (text) => { console.log(text); process.exit() })
})
`
}

function formatMs(ms: number): string {
  return `${ms.toFixed(1)} ms`
}
