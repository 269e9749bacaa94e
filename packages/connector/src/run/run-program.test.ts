import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { TestRelay } from '@postern/testkit'
import { connectionStringOf, folderFor, startBedRelay } from '../connector-bed.contract.ts'
import { type RunOptions, runProgram } from './run-program.ts'

/** What a program saw that was run with a Java hosts file: no namespaces are needed for that. */
interface Seen {
  readonly code: number
  readonly option: string
  readonly hosts: string
}

async function runJava(test: TestContext, options: Partial<RunOptions>): Promise<Seen> {
  const folder = folderFor(test)
  const [option, hosts] = [join(folder, 'option'), join(folder, 'hosts')]
  // A shell is there sooner than any answer of a relay.
  const script = 'printf %s "$JAVA_TOOL_OPTIONS" >"$0"; cp "${JAVA_TOOL_OPTIONS#*=}" "$1"; exit 9'
  const code = await runProgram({
    command: ['sh', '-c', script, option, hosts],
    way: 'java',
    ownNetwork: false,
    connector: { tls: false, searchDomains: [], stateFolder: folder },
    hookEnvironment: {},
    note: () => {},
    ...options,
  })
  return { code, option: readFileSync(option, 'utf8'), hosts: readFileSync(hosts, 'utf8') }
}

async function startRelay(test: TestContext): Promise<TestRelay> {
  const relay = await startBedRelay([{ name: 'db', endpoint: 'db.corp:15432' }])
  test.after(() => relay[Symbol.asyncDispose]())
  return relay
}

/** A port that leads to another one, half a second late. */
async function startSlowWay(test: TestContext, target: number): Promise<number> {
  const server = createServer((socket) => {
    const onward = connect({ port: target, host: '127.0.0.1' })
    for (const end of [socket, onward]) end.on('error', () => {})
    socket.once('close', () => onward.destroy())
    onward.pipe(socket)
    setTimeout(() => socket.pipe(onward), 500)
  }).listen(0, '127.0.0.1')
  test.after(() => server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test('the program begins when the relay has said which endpoints there are', async (t) => {
  const relay = await startRelay(t)
  const port = await startSlowWay(t, Number(relay.host.split(':')[1]))
  const connectionString = connectionStringOf(relay, 'db').replace(relay.host, `127.0.0.1:${port}`)
  const { code, hosts } = await runJava(t, {
    connector: { endpoints: [{ connectionString }], tls: false, searchDomains: [] },
  })
  assert.equal(code, 9)
  assert.match(hosts, /^127\.\d+\.\d+\.\d+ db\.corp db\.corp\.$/m)
})

test('short names below the domains that the system searches are there, and the file is gone afterwards', async (t) => {
  const connectionString = 'Endpoint=sb://127.0.0.1:1/;SharedAccessKeyName=s;SharedAccessKey=cw==;EntityPath=db'
  const endpoints = [
    { endpoint: 'db.corp:15433', connectionString },
    { endpoint: '10.9.9.9:15433', connectionString },
  ]
  const notes: string[] = []
  const { hosts, option } = await runJava(t, {
    connector: { endpoints, tls: false, searchDomains: ['corp'] },
    note: (line) => notes.push(line),
  })
  assert.match(hosts, /^127\.\d+\.\d+\.\d+ db\.corp db db\.corp\.$/m)
  assert.doesNotMatch(hosts, /10\.9\.9\.9/)
  assert.match(notes.join('\n'), /10\.9\.9\.9:15433: nobody asks for the name of an address/)
  assert.match(option, /^-Djdk\.net\.hosts\.file=\/.*\/hosts$/)
  assert.equal(existsSync(option.split('=')[1] ?? ''), false)
})

test('a program that cannot be started is an error, and nothing is left running', async (t) => {
  const running = runJava(t, { command: ['/no/such/program'] })
  await assert.rejects(running, { code: 'ENOENT' })
})
