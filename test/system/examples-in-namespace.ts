// Runs the examples beside a relay on port 443 of this network namespace, and prints what they said as JSON.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseConnectionString } from '@postern/protocol'
import { startTestRelay, type TestRelay } from '@postern/testkit'

/** What each program printed, and what reached a listener. */
export interface ExampleResults {
  readonly https: { readonly listener: string; readonly sender: string }
  readonly ws: { readonly listener: string; readonly sender: string; readonly received: readonly string[] }
}

const require = createRequire(new URL('../interop/fixture/package.json', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'postern-examples-'))
const caFile = join(folder, 'ca.pem')

/** An example that runs, and everything it prints. */
class Example {
  readonly child: ChildProcess
  text = ''

  constructor(program: string, args: readonly string[]) {
    this.child = spawn(program, args, { env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile } })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.text += chunk.toString().replaceAll('\r\n', '\n')
        this.child.emit('said')
      })
    }
  }

  async until(wanted: RegExp): Promise<void> {
    while (!wanted.test(this.text)) await once(this.child, 'said', { signal: AbortSignal.timeout(20_000) })
  }

  async end(): Promise<string> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close')
    return this.text
  }
}

function commandOf(relay: TestRelay, name: string, script: string): string[] {
  const { keyName, key } = parseConnectionString(relay.access('demo').send)
  const file = join(dirname(require.resolve(`${name}/package.json`)), 'examples', 'simple', script)
  return ['--no-deprecation', file, '--ns=localhost', '--path=demo', `--keyrule=${keyName}`, `--key=${key}`]
}

async function runHttps(relay: TestRelay): Promise<ExampleResults['https']> {
  const listener = new Example(process.execPath, commandOf(relay, 'hyco-https', 'listener.js'))
  for (;;) {
    const said = await new Example(process.execPath, commandOf(relay, 'hyco-https', 'sender.js')).end()
    // The listener says nothing when it is connected: until then its sender is told that nobody listens.
    if (said.includes('Status Code:502') && listener.child.exitCode === null) continue
    listener.child.kill()
    return { listener: await listener.end(), sender: said }
  }
}

async function runWs(relay: TestRelay): Promise<ExampleResults['ws']> {
  const listener = new Example(process.execPath, commandOf(relay, 'hyco-ws', 'listener.js'))
  const scripted = await relay.listen('demo')
  // It reads single keys, so it wants a terminal.
  const words = [process.execPath, ...commandOf(relay, 'hyco-ws', 'sender.js')].map((word) => `'${word}'`)
  const sender = new Example('script', ['-qec', words.join(' '), '/dev/null'])
  const { address } = await scripted.nextAccept()
  const rendezvous = await scripted.rendezvous(address)
  const received: string[] = []
  while (received.length < 2) received.push((await rendezvous.frames.next()).payload.toString())
  await sender.until(/Press any key/)
  sender.child.stdin?.write('x')
  while ((await rendezvous.frames.next()).opcode !== 8);
  rendezvous.close(1000)
  await sender.until(/stopping client interval/)
  return { listener: await listener.end(), sender: await sender.end(), received }
}

try {
  await using relay = await startTestRelay({
    resources: {
      namespaces: [
        {
          name: 'local',
          default: true,
          rules: [{ name: 'root', rights: ['Listen', 'Send'] }],
          hybridConnections: [{ name: 'demo' }],
        },
      ],
    },
    options: { dataPort: 443 },
  })
  writeFileSync(caFile, relay.relay.caPem ?? '')
  const results: ExampleResults = { https: await runHttps(relay), ws: await runWs(relay) }
  process.stdout.write(JSON.stringify(results))
} finally {
  rmSync(folder, { recursive: true })
}
