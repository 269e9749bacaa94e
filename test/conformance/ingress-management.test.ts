// Public ports that come and go by the management API. The issue of the data plane, section "Ingress".
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import * as tls from 'node:tls'
import { createTestAuthority, startTestRelay, type TestRelay } from '@postern/testkit'
import { freePort } from '../system/free-port.ts'
import { TcpTarget } from '../system/tcp-target.ts'
import { auditRecords } from './audit-records.ts'
import { type Entry, portOf, resourcesWith, serveTargets } from './ingress-bed.ts'
import { type ManagementClient, signInOwner } from './management-client.ts'
import { RecordingLogger } from './recording-logger.ts'
import { localScope } from './sign-in-principal.ts'

const signal = (): AbortSignal => AbortSignal.timeout(15_000)
const url = (name: string): string => `${localScope}/ingress/${name}?api-version=2024-01-01`

interface ManagedBed extends AsyncDisposable {
  readonly relay: TestRelay
  readonly owner: ManagementClient
}

const highPorts = '1024-65535'

async function openBed(
  options: { readonly ingress?: readonly Entry[]; readonly ports?: string; readonly data?: string } = {},
): Promise<ManagedBed> {
  const { ingress = [], ports = highPorts, data } = options
  const relay = await startTestRelay({
    resources: resourcesWith(ingress),
    options: { ingressPorts: ports, ...(data !== undefined && { data, inMemory: false }) },
  })
  return { relay, owner: await signInOwner(relay), [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose]() }
}

async function ask(port: number, question: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.end(question)
  return text(socket)
}

const answering = () =>
  TcpTarget.start((socket) => {
    text(socket).then(
      (question) => socket.end(`heard ${question}`),
      () => {},
    )
  })

const open = (port: number): object => ({ properties: { hybridConnection: 'site', port, access: 'open' } })

test('a port is open when its PUT is answered, leads to the listener, and is closed with its devices by DELETE', async () => {
  await using bed = await openBed()
  await using target = await answering()
  await using _ = await serveTargets(bed.relay, { site: target.port })
  const port = await freePort()
  const { properties } = await bed.owner.done('PUT', url('web'), open(port))
  assert.equal(properties.provisioningState, 'Succeeded')
  assert.equal(await ask(port, 'one'), 'heard one')

  const staying = connect(port, '127.0.0.1')
  staying.on('error', () => {})
  staying.write('two')
  await once(staying, 'connect', { signal: signal() })
  await bed.owner.done('DELETE', url('web'))
  await assert.rejects(ask(port, 'three'), { code: 'ECONNREFUSED' })
  if (!staying.closed) await once(staying, 'close', { signal: signal() })

  const records = await auditRecords(bed.relay, 3)
  const changes = records.filter(({ action }) => /namespaces\/ingress\/(?:write|delete)$/.test(action))
  assert.deepEqual(
    changes.map(({ action, result }) => [action.split('/').at(-1), result]),
    [
      ['write', 'succeeded'],
      ['delete', 'succeeded'],
    ],
  )
})

test('an entry that is replaced moves to its new port, and entries of the file stay as they are', async () => {
  await using bed = await openBed({ ingress: [{ name: 'filed', port: 0, hybridConnection: 'site', access: 'open' }] })
  await using target = await answering()
  await using _ = await serveTargets(bed.relay, { site: target.port })
  const [before, after] = [await freePort(), await freePort()]
  await bed.owner.done('PUT', url('web'), open(before))
  await bed.owner.done('PUT', url('web'), open(after))
  await assert.rejects(ask(before, 'old'), { code: 'ECONNREFUSED' })
  assert.equal(await ask(after, 'new'), 'heard new')
  assert.equal(await ask(portOf(bed.relay, 'filed'), 'filed'), 'heard filed')
})

test('the port that an entry of the file has got shows in its state, and in the log when the relay is ready', async () => {
  const log = new RecordingLogger()
  const entry: Entry = { name: 'any', port: 0, hybridConnection: 'site', access: 'open' }
  await using relay = await startTestRelay({ log, resources: resourcesWith([entry]) })
  const owner = await signInOwner(relay)
  const { properties } = await owner.done('GET', url('any'))
  const port = portOf(relay, 'any')
  assert.deepEqual([properties.port, properties.boundPort], [0, port])
  const ready = log.lines.find(({ event }) => event === 'relay.ready')
  assert.deepEqual(ready?.fields['publicPorts'], [`local/any:${port}/tcp`])
})

test('a port that another program has shows in the state of the entry, and nowhere else', async () => {
  await using bed = await openBed()
  await using other = await answering()
  const { properties } = await bed.owner.done('PUT', url('web'), {
    properties: { hybridConnection: 'site', port: other.port, address: '127.0.0.1', access: 'open' },
  })
  assert.equal(properties.provisioningState, 'Failed')
  assert.match(properties.statusMessage, /^cannot have port \d+ \(tcp\) of 127\.0\.0\.1: another program/)
  assert.deepEqual(bed.relay.relay.server.health.reasons, [])
  const { value } = await bed.owner.done('GET', url('').replace('/?', '?'))
  assert.deepEqual(
    value.map(
      (entry: { readonly properties: { readonly provisioningState: string } }) => entry.properties.provisioningState,
    ),
    ['Failed'],
  )
})

test('without --ingress-ports no port is opened, and none that was opened before is opened again', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'postern-ingress-'))
  t.after(() => rmSync(data, { recursive: true, force: true }))
  const port = await freePort()
  {
    await using bed = await openBed({ data })
    await bed.owner.done('PUT', url('web'), open(port))
  }
  {
    await using bed = await openBed({ data })
    await using target = await answering()
    await using _ = await serveTargets(bed.relay, { site: target.port })
    assert.equal(await ask(port, 'again'), 'heard again')
  }
  await using bed = await openBed({ data, ports: '' })
  await assert.rejects(ask(port, 'no'), { code: 'ECONNREFUSED' })
  const { properties } = await bed.owner.done('GET', url('web'))
  assert.deepEqual([properties.provisioningState, /--ingress-ports/.test(properties.statusMessage)], ['Failed', true])
  const { status, json } = await bed.owner.call('PUT', url('other'), open(port))
  assert.deepEqual([status, json.error.code], [403, 'PortNotGranted'])
  assert.match(json.error.message, /--ingress-ports/)
})

test('the doors of the relay itself are no port for anybody', async () => {
  await using bed = await openBed()
  const { managementPort, dataPort } = bed.relay.relay.server
  for (const port of [managementPort, dataPort]) {
    const { status, json } = await bed.owner.call('PUT', url('web'), open(port))
    assert.deepEqual([status, json.error.message.startsWith(`Port ${port} is a door`)], [409, true])
  }
})

test('TLS ends at the relay with the certificate of the entry, and a device shows one of its authority', async () => {
  await using bed = await openBed()
  await using target = await answering()
  await using _ = await serveTargets(bed.relay, { site: target.port })
  const [sites, devices] = [await createTestAuthority('sites'), await createTestAuthority('devices')]
  const port = await freePort()
  const put = async (name: string, more: object): Promise<void> => {
    const { cert, key } = await sites.issue({ hosts: [name] })
    const certificate = { certPem: cert, keyPem: key }
    const properties = { hybridConnection: 'site', port, sni: [name], tls: 'terminate', certificate, ...more }
    const answer = await bed.owner.done('PUT', url(name), { properties })
    assert.equal(answer.properties.provisioningState, 'Succeeded')
  }
  await put('open.test', { access: 'open' })
  await put('closed.test', { clientAuthorityPem: devices.certPem })
  const dial = async (servername: string, certificate: object = {}): Promise<string> => {
    const socket = tls.connect({ port, host: '127.0.0.1', servername, ca: sites.certPem, ...certificate })
    socket.write('one')
    socket.end()
    return text(socket)
  }
  assert.equal(await dial('open.test'), 'heard one')
  assert.equal(await dial('closed.test', await devices.issue({ hosts: ['device'] })), 'heard one')
  // In TLS 1.3 a client that has ended learns of the refusal by an alert, or only by an end without an answer.
  const answerTo = (certificate: object): Promise<string> => dial('closed.test', certificate).catch(() => '')
  assert.equal(await answerTo({}), '')
  assert.equal(await answerTo(await sites.issue({ hosts: ['device'] })), '')
})
