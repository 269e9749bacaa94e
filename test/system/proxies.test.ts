// A network where nothing but a proxy is reachable, and that proxy by a password: agents in a network namespace, the relay,
// tinyproxy and microsocks outside.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { connect } from '@postern/client'
import { createManagementClient, signInWithClientCredentials } from '@postern/management'
import { hopTable, trustCa } from '@postern/program'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { freePort } from './free-port.ts'
import { missingPrograms, output, type RunningProgram, runProgram, startProgram } from './run-program.ts'
import { ServerProgram } from './server-program.ts'

const missing = missingPrograms({ ip: 'iproute2', tinyproxy: 'tinyproxy', microsocks: 'microsocks' })
const isUser = process.getuid?.() !== 0
if (isUser && process.env['CI'] === 'true') throw new Error('network namespaces with two ends need root')
const skip = missing || (isUser && 'NOT TESTED: network namespaces with two ends need root')

const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
const namespace = `postern-px-${process.pid}`
const outside = '10.213.77.1'
const password = 'word-for-the-proxy'

describe('agents that reach nothing but a proxy', { skip }, () => {
  const parts = new AsyncDisposableStack()
  let relay: TestRelay
  let folder: string
  /** With what the connector of an app that has the hybrid connection `attached` signs in. */
  let credential: string
  let proxies: Readonly<Record<'http' | 'socks5', string>>

  /** Runs postern in the namespace. */
  const inside = (args: readonly string[]): RunningProgram =>
    startProgram('ip', ['netns', 'exec', namespace, process.execPath, '--conditions=@postern/source', main, ...args], {
      timeoutMs: 50_000,
    })
  const doctor = (...args: string[]): ReturnType<typeof runProgram> =>
    runProgram('ip', ['netns', 'exec', namespace, process.execPath, '--conditions=@postern/source', main, ...args])

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'proxies-'))
    parts.defer(() => rmSync(folder, { recursive: true, force: true }))
    relay = parts.use(
      await startTestRelay({
        options: { bind: '127.0.0.1' },
        resources: {
          namespaces: [
            {
              name: 'local',
              default: true,
              rules: [{ name: 'Root', rights: ['Listen', 'Send'] }],
              hybridConnections: [
                { name: 'bridged' },
                { name: 'managed', userMetadata: '[{"key":"endpoint","value":"127.0.0.1:7777"}]' },
                {
                  name: 'attached',
                  userMetadata: '[{"key":"endpoint","value":"hello.corp:7777"}]',
                  rules: [{ name: 'defaultSender', rights: ['Send'] }],
                },
              ],
            },
          ],
        },
      }),
    )
    writeFileSync(join(folder, 'ca.pem'), relay.relay.caPem ?? '')
    await makeNetwork()
    parts.defer(async () => void (await runProgram('ip', ['netns', 'del', namespace])))
    const ports = { http: await freePort(), socks5: await freePort() }
    const configuration = join(folder, 'tinyproxy.conf')
    writeFileSync(
      configuration,
      `Port ${ports.http}\nTimeout 600\nMaxClients 50\nAllow 127.0.0.1\nAllow ${outside}/24\nBasicAuth jo ${password}\n`,
    )
    const [http, socks5] = await Promise.all([
      ServerProgram.start({ command: 'tinyproxy', args: ['-d', '-c', configuration], ready: ports.http }),
      ServerProgram.start({
        command: 'microsocks',
        args: ['-p', String(ports.socks5), '-u', 'jo', '-P', password],
        ready: ports.socks5,
      }),
    ])
    parts.use(http)
    parts.use(socks5)
    proxies = {
      http: `http://jo:${password}@${outside}:${ports.http}`,
      socks5: `socks5h://jo:${password}@${outside}:${ports.socks5}`,
    }
    await startService()
    credential = await makeApp()
  })
  after(() => parts.disposeAsync())

  async function makeNetwork(): Promise<void> {
    const [here, there] = [`px${process.pid % 100_000}a`, `px${process.pid % 100_000}b`]
    for (const command of [
      `netns add ${namespace}`,
      `link add ${here} type veth peer name ${there} netns ${namespace}`,
      `addr add ${outside}/24 dev ${here}`,
      `link set ${here} up`,
      `-n ${namespace} link set lo up`,
      `-n ${namespace} addr add 10.213.77.2/24 dev ${there}`,
      `-n ${namespace} link set ${there} up`,
    ]) {
      await output('ip', command.split(' '))
    }
  }

  /** A service beside the agents, which says hello. */
  async function startService(): Promise<void> {
    const program =
      "require('node:net').createServer((s) => s.on('error', () => {}).end('hello')).listen(7777, '127.0.0.1', () => console.log('up'))"
    const words = ['netns', 'exec', namespace, process.execPath, '--eval', program]
    // As long as all tests together may take on a busy machine.
    const service = startProgram('ip', words, { timeoutMs: 600_000 })
    parts.defer(() => void service.kill('SIGKILL'))
    await once(service.stdout, 'data', { signal: AbortSignal.timeout(10_000) })
  }

  async function makeApp(): Promise<string> {
    await trustCa(join(folder, 'ca.pem'))
    const { bootstrapAdmin, management: endpoint } = relay.relay
    const { clientId = '', clientSecret } = bootstrapAdmin ?? {}
    const secret = { clientId, clientSecret: clientSecret?.reveal() ?? '' }
    const { accessToken } = await signInWithClientCredentials({ endpoint, ...secret })
    const client = createManagementClient({ endpoint, token: () => accessToken })
    const group = '/subscriptions/s/resourceGroups/g'
    const plan = `${group}/providers/Microsoft.Web/serverfarms/plan`
    const site = `${group}/providers/Microsoft.Web/sites/app`
    const location = 'westus2'
    const call = async (method: string, target: string, body: object): Promise<unknown> =>
      (await client.request({ method, target, body })).body
    await call('PUT', `${group}?api-version=2021-04-01`, { location })
    await call('PUT', `${plan}?api-version=2025-05-01`, { location, sku: { name: 'B1' } })
    const app = { location, identity: { type: 'SystemAssigned' }, properties: { serverFarmId: plan } }
    await call('PUT', `${site}?api-version=2025-05-01`, app)
    const attachment = `${site}/hybridConnectionNamespaces/local/relays/attached`
    await call('PUT', `${attachment}?api-version=2025-05-01`, { properties: {} })
    return JSON.stringify(await call('POST', `${site}/connectorCredentials?api-version=2026-11-01`, {}))
  }

  /** What the service says by way of a hybrid connection, once somebody listens there. */
  async function hear(name: string): Promise<string> {
    const signal = AbortSignal.timeout(40_000)
    for (;;) {
      try {
        const stream = await connect({
          connectionString: relay.access(name).send,
          tls: relay.tls,
          proxy: 'off',
          signal,
        })
        stream.end()
        return await text(stream)
      } catch (error) {
        if (signal.aborted) throw error
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    }
  }

  /** microsocks tries the first address of a name only, which for localhost may be one of IPv6. */
  const accessBy = (kind: 'http' | 'socks5', name: string): string => {
    const { listen } = relay.access(name)
    return kind === 'http' ? listen : listen.replace('localhost', '127.0.0.1')
  }

  const trust = (): readonly string[] => ['--tls-ca', join(folder, 'ca.pem')]

  for (const kind of ['http', 'socks5'] as const) {
    it(`a bridge goes by way of ${kind}`, async () => {
      const file = join(folder, `${kind}.proxy`)
      writeFileSync(file, proxies[kind])
      const access = ['-x', accessBy(kind, 'bridged'), ...trust()]
      const bridge = inside([
        'bridge',
        '-T',
        'bridged:127.0.0.1:7777',
        '--framing',
        'raw',
        '--proxy',
        `@${file}`,
        ...access,
      ])
      bridge.stderr.resume()
      try {
        assert.equal(await hear('bridged'), 'hello')
      } finally {
        bridge.kill('SIGINT')
        await once(bridge, 'close')
      }
    })

    it(`a Hybrid Connection Manager goes by way of ${kind}, and its doctor finds nothing broken`, async () => {
      const state = join(folder, `hcm-${kind}`)
      const hcm = inside(['hcm', 'run', '--state-dir', state, '--proxy', proxies[kind], ...trust()])
      let log = ''
      hcm.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        log += chunk
      })
      try {
        while (!log.includes('hcm.started')) {
          await once(hcm.stderr, 'data', { signal: AbortSignal.timeout(20_000) })
        }
        const added = await doctor('hcm', 'add', '--state-dir', state, accessBy(kind, 'managed'))
        assert.equal(added.code, 0, added.stderr)
        assert.equal(await hear('managed'), 'hello')
        const { code, stdout } = await doctor('hcm', 'doctor', '--state-dir', state)
        assert.equal(code, 0, stdout.toString())
        assert.match(stdout.toString(), /ok +proxy .*leads to (?:localhost|127\.0\.0\.1):\d+/)
        assert.match(stdout.toString(), /ok +rendezvous /)
        assert.ok(!`${log}${stdout.toString()}`.includes(password))
      } finally {
        hcm.kill('SIGINT')
        await once(hcm, 'close')
      }
    })
  }

  for (const kind of ['http', 'socks5'] as const) {
    it(`the connector of an app goes by way of ${kind}: it signs in, its program opens a name, its doctor finds nothing broken`, async () => {
      const [file, app] = [join(folder, `${kind}.proxy`), join(folder, `${kind}.app`)]
      writeFileSync(file, proxies[kind])
      writeFileSync(app, kind === 'http' ? credential : credential.replaceAll('localhost', '127.0.0.1'))
      const byProxy = ['--proxy', `@${file}`, ...trust()]
      const target = ['-T', 'attached:127.0.0.1:7777', '--framing', 'raw', '-x', accessBy(kind, 'attached')]
      const bridge = inside(['bridge', ...target, ...byProxy])
      bridge.stderr.resume()
      try {
        assert.equal(await hear('attached'), 'hello')
        const settings = ['--app', app, ...byProxy, '--state-dir', join(folder, `connector-${kind}`)]
        const script = "require('node:net').connect(7777, 'hello.corp').pipe(process.stdout)"
        const program = ['--', process.execPath, '--eval', script]
        const ran = await doctor('connector', 'run', ...settings, ...program)
        assert.deepEqual([ran.code, ran.stdout.toString(), ran.stderr], [0, 'hello', ''])
        const { code, stdout } = await doctor('connector', 'doctor', ...settings)
        assert.equal(code, 0, stdout.toString())
        assert.match(stdout.toString(), /hello\.corp:7777/)
        assert.match(stdout.toString(), /ok +proxy .*leads to (?:localhost|127\.0\.0\.1):\d+/)
        assert.ok(!stdout.toString().includes(password))
      } finally {
        bridge.kill('SIGINT')
        await once(bridge, 'close')
      }
    })
  }

  it('without the proxy nothing is reachable, and with a wrong password doctor says so', async () => {
    const access = [
      'bridge',
      '-T',
      'bridged:127.0.0.1:7777',
      '--doctor',
      '-x',
      relay.access('bridged').listen,
      ...trust(),
    ]
    const direct = await doctor(...access, '--proxy', 'off')
    assert.equal(direct.code, hopTable.tcp.exitCode, direct.stdout.toString())
    const wrong = await doctor(...access, '--proxy', proxies.http.replace(password, 'guess'))
    assert.equal(wrong.code, hopTable.proxy.exitCode, wrong.stdout.toString())
    // tinyproxy says 401 or 407, by its version.
    assert.match(wrong.stdout.toString(), /FAILED +proxy .*40[17]/)
  })
})
