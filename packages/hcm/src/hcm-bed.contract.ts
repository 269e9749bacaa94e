import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { connect, type RelayedStream } from '@postern/client'
import { silentLogger } from '@postern/program'
import { signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { ControlClient } from './control/control-client.ts'
import { type RunHcmOptions, type RunningHcm, runHcm } from './run-hcm.ts'
import type { HybridConnectionStatus } from './service/status.ts'

export const signal = (): AbortSignal => AbortSignal.timeout(15_000)

const keys = { primaryKey: 'primary-key-of-the-tests', secondaryKey: 'secondary-key-of-the-tests' }
const root = { name: 'Root', rights: ['Listen', 'Send', 'Manage'] as const, ...keys }

interface BedEntity {
  readonly name: string
  readonly userMetadata?: string
  readonly rules?: { name: string; rights: ('Listen' | 'Send')[] }[]
}

/** A relay over plain TCP whose keys outlive it. */
export async function startBedRelay(dataPort = 0, hybridConnections: readonly BedEntity[] = []): Promise<TestRelay> {
  return startTestRelay({
    options: { tls: 'off', dataPort },
    resources: {
      namespaces: [
        {
          name: 'local',
          default: true,
          rules: [{ ...root, rights: [...root.rights] }],
          hybridConnections: [...hybridConnections],
        },
      ],
    },
  })
}

export const metadataOf = (endpoint: string): string => JSON.stringify([{ key: 'endpoint', value: endpoint }])

/** A connection string with all rights. */
export function connectionStringOf(relay: TestRelay, name: string, key = keys.primaryKey): string {
  return `Endpoint=sb://${relay.host}/;SharedAccessKeyName=Root;SharedAccessKey=${key};EntityPath=${name}`
}

/** Makes a hybrid connection, or changes its endpoint, at the data door. */
export async function putEntity(relay: TestRelay, name: string, endpoint: string): Promise<void> {
  const [host, port] = relay.host.split(':')
  const metadata = metadataOf(endpoint).replaceAll('"', '&quot;')
  const body = `<entry xmlns="http://www.w3.org/2005/Atom"><content type="application/xml"><HybridConnectionDescription xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect"><UserMetadata>${metadata}</UserMetadata></HybridConnectionDescription></content></entry>`
  const exists = relay.relay.server.catalog.get('local', name) !== undefined
  const put = request({
    host,
    port,
    path: `/${name}`,
    method: 'PUT',
    headers: {
      'X-PROCESS-AT': 'ServiceBus',
      'Content-Type': 'application/atom+xml',
      Authorization: signToken(connectionStringOf(relay, name)),
      ...(exists && { 'If-Match': '*' }),
    },
  })
  put.end(body)
  const [response] = await once(put, 'response', { signal: signal() })
  response.resume()
  if (response.statusCode >= 300) throw new Error(`PUT /${name}: ${response.statusCode} ${response.statusMessage}`)
}

/** A TCP service that answers everything with its name in front. */
export interface Target extends AsyncDisposable {
  readonly port: number
}

export async function startTarget(name: string, port = 0): Promise<Target> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => socket.write(`${name} ${chunk.toString()}`))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      if (server.listening) await once(server, 'close')
    },
  }
}

export interface HcmBed {
  readonly folder: string
  readonly hcm: RunningHcm
  readonly control: ControlClient
  /** Waits until the status of a hybrid connection is as it should be. */
  readonly until: (name: string, isSo: (status: HybridConnectionStatus) => boolean) => Promise<HybridConnectionStatus>
}

/** Runs an HCM in a folder of its own, which asks and tries often. */
export async function startBed(test: TestContext, options: Partial<RunHcmOptions> = {}): Promise<HcmBed> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'hcm-'))
  const hcm = await runHcm({
    tls: false,
    logger: silentLogger,
    entityIntervalMs: 600,
    probeIntervalMs: 200,
    reportIntervalMs: 300,
    ...options,
    folder,
  })
  test.after(async () => {
    await hcm.stop({ graceMs: 0 }).catch(() => {})
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    folder,
    hcm,
    control: new ControlClient(hcm.socketPath),
    until: async (name, isSo) => {
      const deadline = signal()
      for (;;) {
        const status = hcm.service.list().find(({ Name }) => Name === name)
        if (status && isSo(status)) return status
        if (deadline.aborted) throw new Error(`still ${JSON.stringify(status)}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
  }
}

/** Opens a stream through the relay and asks one thing. */
export async function ask(relay: TestRelay, name: string, question: string): Promise<string> {
  const stream = await open(relay, name)
  try {
    return await askAgain(stream, question)
  } finally {
    stream.destroy()
  }
}

export async function open(relay: TestRelay, name: string): Promise<RelayedStream> {
  const stream = await connect({ connectionString: connectionStringOf(relay, name), tls: false, signal: signal() })
  stream.on('error', () => {})
  return stream
}

export async function askAgain(stream: RelayedStream, question: string): Promise<string> {
  stream.write(question)
  const [chunk] = await once(stream, 'data', { signal: signal() })
  return String(chunk)
}
