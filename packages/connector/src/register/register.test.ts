import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { Listener } from '@postern/client'
import { createTestAuthority, type TestRelay } from '@postern/testkit'
import {
  connectionStringOf,
  folderFor,
  freePort,
  signal,
  startBedRelay,
  startService,
} from '../connector-bed.contract.ts'
import { PrivatePairs } from './private-pairs.ts'

const hook = new URL('register.ts', import.meta.url).href

interface Ended {
  readonly code: number | null
  readonly out: string
}

/** Runs a program with the hook and its settings in the environment. */
async function runProgram(
  program: string,
  strings: readonly string[],
  how = ['--import', hook],
  env = {},
): Promise<Ended> {
  const flags = ['--conditions=@postern/source', ...how, '--input-type=module', '--eval', program]
  const child = spawn(process.execPath, flags, {
    env: {
      ...process.env,
      POSTERN_CONNECTION_STRINGS: strings.join('\n'),
      POSTERN_CONNECTOR_TLS: 'false',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 15_000,
  })
  const [out, problems, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code, out: out + problems }
}

/** Leads a hybrid connection to a server of this machine. */
async function lead(t: TestContext, relay: TestRelay, name: string, server: Server): Promise<void> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const listener = new Listener({
    connectionString: connectionStringOf(relay, name, 'root'),
    tls: false,
    onConnection: async (request) => {
      const stream = await request.accept()
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      for (const each of [socket, stream]) each.on('error', () => {})
      socket.pipe(stream).pipe(socket)
    },
  })
  t.after(async () => {
    await listener.close()
    server.close()
  })
  await listener.open({ signal: signal() })
}

const askBy = (open: string): string => `
  import net from 'node:net'
  import tls from 'node:tls'
  import dns from 'node:dns/promises'
  const socket = ${open}
  socket.write('x')
  socket.on('data', (chunk) => { console.log(String(chunk)); socket.end() })
  socket.on('error', (error) => console.log(error.code, error.message))`

test('net reaches endpoints by name in any case, with a dot, after a lookup and by address; the program ends by itself', async (t) => {
  await using relay = await startBedRelay([{ name: 'db' }, { name: 'ip' }])
  await startService(t, relay, 'db')
  await startService(t, relay, 'ip')
  const strings = [`db.corp:5432=${connectionStringOf(relay, 'db')}`, `192.0.2.5:22=${connectionStringOf(relay, 'ip')}`]
  for (const [open, answer] of [
    [`net.connect(5432, 'db.corp')`, 'db x'],
    [`net.connect({ host: 'DB.corp.', port: '5432' })`, 'db x'],
    [`new net.Socket().connect(5432, 'db.corp', () => console.log('connected'))`, 'connected\ndb x'],
    [`net.connect({ ...(await dns.lookup('db.corp').then(({ address: host }) => ({ host }))), port: 5432 })`, 'db x'],
    [`net.connect(22, '192.0.2.5')`, 'ip x'],
  ] as const) {
    assert.deepEqual(await runProgram(askBy(open), strings), { code: 0, out: `${answer}\n` }, open)
  }
})

test('fetch, http and tls reach endpoints, each certificate checked for the name that the program means', async (t) => {
  await using relay = await startBedRelay([{ name: 'web' }, { name: 'safe' }])
  const authority = await createTestAuthority('Of the test')
  const { key, cert } = await authority.issue({ hosts: ['safe.corp'] })
  await lead(
    t,
    relay,
    'web',
    createHttpServer((request, response) => response.end(`web for ${request.headers.host}`)),
  )
  await lead(
    t,
    relay,
    'safe',
    tls.createServer({ key, cert }, (socket) => socket.on('error', () => {}).end('safe')),
  )
  const caFile = join(folderFor(t), 'ca.pem')
  writeFileSync(caFile, authority.certPem)
  const strings = [
    `web.corp:80=${connectionStringOf(relay, 'web')}`,
    `safe.corp:443=${connectionStringOf(relay, 'safe')}`,
    `other.corp:443=${connectionStringOf(relay, 'safe')}`,
  ]
  const program = `
    import http from 'node:http'
    import tls from 'node:tls'
    import { text } from 'node:stream/consumers'
    console.log(await (await fetch('http://web.corp/')).text())
    http.get('http://web.corp/', async (response) => {
      console.log(await text(response))
      console.log(await text(tls.connect(443, 'safe.corp', { servername: 'safe.corp' })))
      tls.connect({ port: 443, host: 'other.corp' }).on('error', ({ code }) => console.log(code))
    })`
  const { out } = await runProgram(program, strings, ['--import', hook], { NODE_EXTRA_CA_CERTS: caFile })
  assert.equal(out, 'web for web.corp\nweb for web.corp\nsafe\nERR_TLS_CERT_ALTNAME_INVALID\n')
})

test('a port that is no endpoint, and everything else, goes where it went before', async (t) => {
  await using relay = await startBedRelay([{ name: 'db' }])
  const server = createServer((socket) => socket.on('error', () => {}).end('direct')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const strings = [`db.invalid:5432=${connectionStringOf(relay, 'db')}`]
  const direct = await runProgram(askBy(`net.connect(${port}, '127.0.0.1')`), strings)
  assert.equal(direct.out, 'direct\n')
  const other = await runProgram(askBy(`net.connect(${port}, 'db.invalid')`), strings)
  assert.match(other.out, /ENOTFOUND.*db\.invalid/)
})

test('an endpoint that cannot be reached fails as the system would say it, with the reason', async () => {
  await using relay = await startBedRelay([{ name: 'db' }])
  const { out } = await runProgram(askBy(`net.connect(5432, 'db.corp')`), [
    `db.corp:5432=${connectionStringOf(relay, 'db')}`,
  ])
  assert.match(out, /^ECONNREFUSED connect ECONNREFUSED db\.corp:5432 through the relay: .*listener/i)
})

test('it is loaded by --require, in worker threads, and where the relay names the endpoint', async (t) => {
  await using relay = await startBedRelay([{ name: 'db', endpoint: 'db.corp:5432' }])
  await startService(t, relay, 'db')
  const string = connectionStringOf(relay, 'db', 'root')
  const program = askBy(`net.connect(5432, 'db.corp')`)
  assert.equal((await runProgram(program, [string], ['--require', fileURLToPath(hook)])).out, 'db x\n')
  const inWorker = `
    import { Worker } from 'node:worker_threads'
    new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(program)})))`
  assert.equal((await runProgram(inWorker, [string])).out, 'db x\n')
})

test('settings may come from the program; faults in the environment end it before it begins', async (t) => {
  await using relay = await startBedRelay([{ name: 'db' }])
  await startService(t, relay, 'db')
  const endpoints = [{ endpoint: 'db.corp:5432', connectionString: connectionStringOf(relay, 'db') }]
  const program = `
    const { register } = await import(${JSON.stringify(hook)})
    register({ endpoints: ${JSON.stringify(endpoints)}, tls: false })
    const net = await import('node:net')
    const socket = net.connect(5432, 'db.corp', () => socket.write('x'))
    socket.on('data', (chunk) => { console.log(String(chunk)); socket.end() })`
  assert.equal((await runProgram(program, [], [])).out, 'db x\n')
  const wrong = await runProgram('console.log("begun")', ['db.corp:5432=Endpoint=nonsense'])
  assert.notEqual(wrong.code, 0)
  assert.match(wrong.out, /InvalidConnectionString/)
  assert.doesNotMatch(wrong.out, /begun/)
})

test('a stranger who finds the port of the pairs gets nothing', async () => {
  const pairs = new PrivatePairs()
  const stranger = connect({ port: await pairs.port(), host: '127.0.0.1' })
  stranger.on('error', () => {})
  stranger.write('let me in')
  const received = await Promise.race([text(stranger), once(stranger, 'close', { signal: signal() }).then(() => '')])
  assert.equal(received, '')
  assert.ok(await freePort())
})
