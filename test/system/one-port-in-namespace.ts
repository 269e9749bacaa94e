// Runs a relay with both doors on port 443 of this network namespace, uses all of it, and prints what happened as JSON.
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { RawWebSocket, ScriptedListener, signToken, startTestRelay } from '@postern/testkit'

/** What came of each step. */
export interface OnePortResults {
  /** TCP ports that somebody listens on in the namespace. */
  readonly ports: readonly number[]
  readonly dataAddress: string
  readonly managementAddress: string
  readonly rendezvous: string
  readonly echoed: string
  /** Status and body by `host path`. */
  readonly answers: Readonly<Record<string, readonly [status: number, body: string]>>
  /** Status of an upgrade at the management host. */
  readonly upgradeAtManagement: number
}

await using relay = await startTestRelay({
  options: {
    dataPort: 443,
    managementPort: 443,
    managementHosts: ['manage.relay.test', 'ops'],
    publicHost: 'relay.test',
  },
  resources: {
    namespaces: [
      {
        name: 'local',
        default: true,
        rules: [{ name: 'Root', rights: ['Listen', 'Send'] }],
        hybridConnections: [
          { name: 'echo' },
          // Names of management pages are names like any other at the data door.
          { name: 'readyz', requiresClientAuthorization: false },
          { name: 'metrics' },
        ],
      },
    ],
  },
})
const tls = { ca: relay.relay.caPem ?? '', host: '127.0.0.1', servername: 'relay.test' }

function get(host: string, path: string, headers: Record<string, string> = {}): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    request({ ...tls, path, headers: { Host: host, ...headers }, agent: false }, (response) => {
      response.toArray().then((chunks) => resolve([response.statusCode ?? 0, chunks.join('')]), reject)
    })
      .on('error', reject)
      .end()
  })
}

const listen = (name: string): Promise<ScriptedListener> =>
  ScriptedListener.open({
    url: `wss://relay.test/$hc/${name}?sb-hc-action=listen`,
    token: signToken(relay.access(name).listen),
    tls,
  })

const listener = await listen('echo')
const headers = { ServiceBusAuthorization: signToken(relay.access('echo').send) }
const pending = RawWebSocket.dial({ url: 'wss://relay.test/$hc/echo?sb-hc-action=connect', headers, tls })
const { address } = await listener.nextAccept()
const rendezvous = await listener.rendezvous(address)
const sender = await pending
sender.text('through one port')
const frame = await rendezvous.frames.next()

const readyz = await listen('readyz')
const answers: Record<string, [number, string]> = {}
const relayed = get('relay.test', '/readyz')
const { id } = await readyz.nextRequest()
readyz.control.text(JSON.stringify({ response: { requestId: id, statusCode: 200, body: true } }))
readyz.control.binary('from a listener')
answers['relay.test /readyz'] = await relayed
for (const [host, path] of [
  ['manage.relay.test', '/readyz'],
  ['MANAGE.relay.test.', '/healthz'],
  ['ops', '/readyz'],
  ['manage.relay.test', '/metrics'],
  ['manage.relay.test', '/echo'],
  ['manage.relay.test', '/$hc/echo'],
  ['relay.test', '/metrics'],
  ['relay.test', '/healthz'],
  ['manage.relay.test.evil.test', '/readyz/x'],
] as const) {
  answers[`${host} ${path}`] = path === '/readyz/x' ? await get(host, '/healthz') : await get(host, path)
}
const atManagement = RawWebSocket.dial({
  url: 'wss://manage.relay.test/$hc/echo?sb-hc-action=connect',
  headers,
  tls,
})
const results: OnePortResults = {
  ports: listeningPorts(),
  dataAddress: relay.relay.data,
  managementAddress: relay.relay.management,
  rendezvous: new URL(address).host,
  echoed: frame.payload.toString(),
  answers,
  upgradeAtManagement: await atManagement.then(
    () => 101,
    (error: unknown) => (error as { status: number }).status,
  ),
}
process.stdout.write(JSON.stringify(results))
for (const end of [sender, rendezvous, listener.control, readyz.control]) end.abort()

/** From the kernel's tables of IPv4 and IPv6 sockets: state 0A listens. */
function listeningPorts(): number[] {
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(1))
  const fields = lines.map((line) => line.trim().split(/\s+/)).filter(([, , , state]) => state === '0A')
  return fields.map(([, local = '']) => Number.parseInt(local.split(':')[1] ?? '', 16))
}
