import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { TestContext } from 'node:test'
import { Listener } from '@postern/client'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { Connector } from './connector.ts'
import type { ConnectorEndpoint, ConnectorOptions } from './connector-options.ts'

export const signal = (): AbortSignal => AbortSignal.timeout(15_000)

const sendKey = 'send-key-of-the-tests'
const rootKey = 'root-key-of-the-tests'

/** A relay over plain TCP with these hybrid connections; a rule may only send. Its keys outlive it. */
export function startBedRelay(
  hybridConnections: readonly { readonly name: string; readonly endpoint?: string }[],
  dataPort = 0,
): Promise<TestRelay> {
  return startTestRelay({
    options: { tls: 'off', dataPort },
    resources: {
      namespaces: [
        {
          name: 'local',
          default: true,
          rules: [
            { name: 'root', rights: ['Listen', 'Send', 'Manage'], primaryKey: rootKey },
            { name: 'send', rights: ['Send'], primaryKey: sendKey },
          ],
          hybridConnections: [...hybridConnections],
        },
      ],
    },
  })
}

/** A connection string of a rule: `root` may do everything, `send` only that. */
export function connectionStringOf(relay: TestRelay, name: string, rule: 'root' | 'send' = 'send'): string {
  const key = rule === 'root' ? rootKey : sendKey
  return `Endpoint=sb://${relay.host}/;SharedAccessKeyName=${rule};SharedAccessKey=${key};EntityPath=${name}`
}

/** A listener that leads to a service of its own, which answers everything with its name in front. */
export async function startService(test: TestContext, relay: TestRelay, name: string, says = name): Promise<Listener> {
  const listener = new Listener({
    connectionString: connectionStringOf(relay, name, 'root'),
    tls: false,
    onConnection: async (request) => {
      const stream = await request.accept()
      stream.on('error', () => {})
      stream.on('data', (chunk: Buffer) => stream.write(`${says} ${chunk.toString()}`))
      stream.on('end', () => stream.end())
    },
  })
  test.after(() => listener.close())
  await listener.open({ signal: signal() })
  return listener
}

/** Starts a connector in a folder of its own. */
export async function startConnector(
  test: TestContext,
  endpoints: readonly ConnectorEndpoint[],
  options: Partial<ConnectorOptions> = {},
): Promise<Connector> {
  const connector = new Connector({
    endpoints,
    tls: false,
    searchDomains: [],
    stateFolder: folderFor(test),
    ...options,
  })
  test.after(() => connector.stop({ graceMs: 0 }))
  await connector.start()
  return connector
}

export function folderFor(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'connector-'))
  test.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Opens an endpoint where the connector leads programs, as a program does. */
export async function dial(connector: Connector, host: string, port: number): Promise<Socket> {
  const socket = connect({ host: (await connector.addressOf(host)) ?? host, port })
  socket.on('error', () => {})
  await once(socket, 'connect', { signal: signal() })
  return socket
}

/** Says something and gives the answer. */
export async function ask(stream: Duplex, question: string): Promise<string> {
  stream.write(question)
  const [chunk] = await once(stream, 'data', { signal: signal() })
  return String(chunk)
}

/** A port that nobody has at any address, at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until something is so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = signal()
  while (!(await isSo())) {
    if (deadline.aborted) throw new Error('it has not come about')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
