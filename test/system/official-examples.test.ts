// The example programs inside the npm packages, unchanged. They know no port but 443, so they run with a relay of their own
// in a network namespace of their own (examples-in-namespace.ts).
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { installInteropFixture } from '../interop/fixture-install.ts'
import type { ExampleResults } from './examples-in-namespace.ts'

const missing = ['unshare', 'ip', 'script'].find((program) => spawnSync(program, ['--version']).error)
const isForbidden = missing === undefined && spawnSync('unshare', ['-Urn', 'true']).status !== 0
const lack = missing === undefined ? isForbidden && 'the right to make a network namespace' : `the program ${missing}`
if (lack && process.env['CI'] === 'true') throw new Error(`the official examples need ${lack}`)

describe('the official examples', { skip: lack && `NOT TESTED: the official examples need ${lack}` }, () => {
  let results: ExampleResults

  before(async () => {
    await installInteropFixture()
    const inside = fileURLToPath(new URL('./examples-in-namespace.ts', import.meta.url))
    const command = 'ip link set lo up && exec "$0" --conditions=@postern/source "$1"'
    const { stdout } = await promisify(execFile)(
      'unshare',
      ['-Urn', '--kill-child', 'sh', '-c', command, process.execPath, inside],
      { timeout: 60_000 },
    )
    results = JSON.parse(stdout) as ExampleResults
  })

  it('hyco-https: the sender prints the page of the listener', () => {
    const { listener, sender } = results.https
    assert.match(listener, /^request accepted: GET on \/demo$/m)
    assert.match(sender, /^BODY: <html>.*Relayed Node\.js Server!.*<\/html>\nNo more data in response\.$/m)
  })

  it('hyco-ws: the sender sends until a key is pressed', () => {
    const { sender, received } = results.ws
    assert.match(sender, /Started client interval\. Press any key to stop\./)
    assert.match(sender, /stopping client interval/)
    assert.ok(received.length >= 2)
    for (const message of received) assert.ok((JSON.parse(message) as { rss: number }).rss > 0)
  })

  it('hyco-ws: the listener, which has no token for its own package, ends before it comes to the relay', () => {
    assert.match(results.ws.listener, /TypeError: A 'token' string or function must be provided/)
  })
})
