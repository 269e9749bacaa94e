import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
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
  const report = join(folder, 'report')
  const script = `const option = process.env.JAVA_TOOL_OPTIONS
    const hosts = require('fs').readFileSync(option.split('=')[1], 'utf8')
    require('fs').writeFileSync(process.argv[1], JSON.stringify({ option, hosts })); process.exit(9)`
  const code = await runProgram({
    command: [process.execPath, '-e', script, report],
    way: 'java',
    ownNetwork: false,
    connector: { tls: false, searchDomains: [], stateFolder: folder },
    hookEnvironment: {},
    note: () => {},
    ...options,
  })
  return { code, ...(JSON.parse(readFileSync(report, 'utf8')) as Omit<Seen, 'code'>) }
}

async function startRelay(test: TestContext): Promise<TestRelay> {
  const relay = await startBedRelay([{ name: 'db', endpoint: 'db.corp:15432' }])
  test.after(() => relay[Symbol.asyncDispose]())
  return relay
}

test('the program begins when the relay has said which endpoints there are', async (t) => {
  const relay = await startRelay(t)
  const { code, hosts } = await runJava(t, {
    connector: { endpoints: [{ connectionString: connectionStringOf(relay, 'db') }], tls: false, searchDomains: [] },
  })
  assert.equal(code, 9)
  assert.match(hosts, /^127\.\d+\.\d+\.\d+\tdb\.corp db\.corp\.$/m)
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
  assert.match(hosts, /^127\.\d+\.\d+\.\d+\tdb\.corp db db\.corp\.$/m)
  assert.doesNotMatch(hosts, /10\.9\.9\.9/)
  assert.match(notes.join('\n'), /10\.9\.9\.9:15433: nobody asks for the name of an address/)
  assert.match(option, /^-Djdk\.net\.hosts\.file=\/.*\/hosts$/)
  assert.equal(existsSync(option.split('=')[1] ?? ''), false)
})

test('a program that cannot be started is an error, and nothing is left running', async (t) => {
  const running = runJava(t, { command: ['/no/such/program'] })
  await assert.rejects(running, { code: 'ENOENT' })
})
