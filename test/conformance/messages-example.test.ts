import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startMessageRelay } from './message-relay.ts'

const example = fileURLToPath(new URL('../../examples/publish-subscribe.ts', import.meta.url))

test('the example publishes three prices and receives them', async (context) => {
  await using relay = await startMessageRelay()
  const folder = mkdtempSync(join(tmpdir(), 'postern-example-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, relay.relay.caPem ?? '')
  const { listen, send } = relay.access('news')
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@postern/source', example], {
    env: { ...process.env, LISTEN: listen, SEND: send, NODE_EXTRA_CA_CERTS: caFile },
    timeout: 30_000,
  })
  assert.deepEqual(stdout.trimEnd().split('\n'), [
    'published 12 to 1',
    'published 13 to 1',
    'published 14 to 1',
    'received {"price":12}',
    'received {"price":13}',
    'received {"price":14}',
  ])
})
