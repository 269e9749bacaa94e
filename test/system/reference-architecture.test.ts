// Microsoft's hybrid relay architecture: devices dial a public port of a machine in the cloud, and come to services at the edge
// that nobody but a bridge there reaches.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SupervisedProgram } from '../chaos/supervised-program.ts'
import { NetworkYard, whyNoNetworkYard } from './faults/network-yard.ts'
import { missingPrograms, output, runProgram } from './run-program.ts'

const skip = whyNoNetworkYard() || missingPrograms({ curl: 'curl' })
const postern = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

/** Services with the same port number; the addresses of the machine in the cloud that stand for them. */
const services = { pump: '10.99.0.1', gate: '10.99.0.2' } as const
const publicAddresses = { pump: '10.211.1.2', gate: '10.211.1.7' } as const
type ServiceName = keyof typeof services

const key = Buffer.alloc(32, 'key').toString('base64')
const access = `Endpoint=sb://relay.test:8443/;SharedAccessKeyName=Root;SharedAccessKey=${key}`

describe('devices, a machine in the cloud, and services at the edge', { skip, timeout: 300_000 }, () => {
  const parts = new AsyncDisposableStack()
  let yard: NetworkYard
  let folder: string
  let edges: readonly SupervisedProgram[]

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-reference-'))
    parts.defer(() => rm(folder, { recursive: true, force: true }))
    yard = parts.use(await NetworkYard.open({ cloud: {}, edge: {} }))
    for (const address of Object.values(services)) await inPlace('edge', `ip address add ${address}/32 dev lo`)
    await inPlace('cloud', `ip address add ${publicAddresses.gate}/24 dev uplink`)
    const caFile = await startRelay()
    const [local, ...rest] = await Promise.all([
      bridge('cloud', caFile, localForwards()),
      bridge('edge', caFile, remoteForwards()),
      bridge('edge', caFile, remoteForwards()),
      ...Object.entries(services).map(([name, address]) => startService(name, address)),
    ])
    assert.ok(local)
    edges = rest.filter((each) => each !== undefined)
  })
  after(() => parts.disposeAsync())

  async function inPlace(place: string, words: string): Promise<string> {
    const [command = '', ...args] = [...yard.enter(place), ...words.split(' ')]
    return output(command, args)
  }

  async function start(
    name: string,
    place: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly program: SupervisedProgram; readonly line: string }> {
    const isReady = (line: string): boolean => line.startsWith('{"data"') || /listening|online|up/.test(line)
    const program = parts.use(new SupervisedProgram({ name, args, environment, isReady, enter: yard.enter(place) }))
    return { program, line: await program.start() }
  }

  async function startRelay(): Promise<string> {
    const rules = [{ name: 'Root', rights: ['Listen', 'Send', 'Manage'], primaryKey: key }]
    const hybridConnections = Object.keys(services).map((name) => ({ name }))
    const resources = join(folder, 'resources.yaml')
    await writeFile(
      resources,
      JSON.stringify({ namespaces: [{ name: 'local', default: true, rules, hybridConnections }] }),
    )
    const doors = [
      '--bind',
      '0.0.0.0',
      '--data-port',
      '8443',
      '--management-port',
      '8444',
      '--public-host',
      'relay.test',
    ]
    const files = ['--data', join(folder, 'data'), '--resources', resources]
    const { line } = await start('relay', 'relay', [postern, 'up', '--json', ...doors, ...files])
    return (JSON.parse(line) as { readonly caFile: string }).caFile
  }

  const remoteForwards = (): readonly string[] =>
    Object.entries(services).flatMap(([name, address]) => ['-T', `${name}:${address}:80`])
  const localForwards = (): readonly string[] =>
    Object.entries(publicAddresses).flatMap(([name, address]) => ['-L', `${address}:80:${name}`])

  async function bridge(place: string, caFile: string, forwards: readonly string[]): Promise<SupervisedProgram> {
    const args = [postern, 'bridge', '--json', '--tls-ca', caFile, ...forwards]
    const { program } = await start(`bridge in the ${place}`, place, args, { POSTERN_CONNECTION_STRING: access })
    return program
  }

  /** A web service that says its name. */
  async function startService(name: string, address: string): Promise<undefined> {
    const file = join(folder, `${name}.cjs`)
    await writeFile(
      file,
      `require('http').createServer((q, r) => r.end('${name}')).listen(80, '${address}', () => console.log('up'))`,
    )
    await start(name, 'edge', [file])
  }

  /** What a device gets. Devices are in the network of the machine in the cloud, where the relay happens to be as well. */
  async function ask(name: ServiceName): Promise<string> {
    const request = `curl -sS --noproxy * --max-time 20 http://${publicAddresses[name]}/`
    return inPlace('relay', request)
  }

  it('a device dials a public port and gets an answer of the private service', async () => {
    assert.equal(await ask('pump'), 'pump')
    const [enter, ...words] = yard.enter('relay')
    const request = [...words, 'curl', '-sS', '--noproxy', '*', '--max-time', '2', `http://${services.pump}/`]
    assert.notEqual((await runProgram(enter ?? '', request)).code, 0, 'there is no other way')
  })

  it('port 80 leads to a second service as well', async () => {
    assert.equal(await ask('gate'), 'gate')
  })

  it('when one of two machines at the edge is gone, devices are served by the other one', async () => {
    const [first, second] = edges
    await first?.kill()
    for (const name of ['pump', 'gate'] as const) assert.equal(await ask(name), name)
    await first?.start()
    await second?.kill()
    for (const name of ['pump', 'gate'] as const) assert.equal(await ask(name), name)
  })
})
