import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { readPeerFile } from './peer-file.ts'
import { Placeholders } from './placeholders.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-peer-file-'))
after(() => rmSync(folder, { recursive: true }))

const start = [{ name: 'a', command: ['a', '{listenPort}'], ready: { port: '{listenPort}' } }]

function readPeer(content: object): unknown {
  const path = join(folder, 'peer.json')
  writeFileSync(path, JSON.stringify({ name: 'a', about: 'b', encrypted: false, start, ...content }))
  return readPeerFile(path)
}

test('every peer file of this folder can be read and is named after its peer', () => {
  const peers = join(import.meta.dirname, '..', 'peers')
  const names = readdirSync(peers).filter((name) => name.endsWith('.json'))
  assert.ok(names.length >= 5)
  for (const name of names) assert.equal(`${readPeerFile(join(peers, name)).name}.json`, name)
})

test('a peer file with an unknown key is refused by the name of the key', () => {
  assert.throws(() => readPeer({ encryptd: true }), /peer file peer\.json: the file has an unknown key 'encryptd'/)
})

test('a process without a readiness probe is refused', () => {
  assert.throws(() => readPeer({ start: [{ name: 'a', command: ['a'] }] }), /start\[0\]\.ready must be an object/)
})

test('what a peer file leaves out has its default', () => {
  assert.deepEqual(readPeer({}), {
    name: 'a',
    about: 'b',
    encrypted: false,
    byDefault: true,
    npm: undefined,
    files: {},
    prepare: [],
    start: [{ ...start[0], counted: true, place: 'far', env: {} }],
  })
})

test('a process stands near or far, nowhere else', () => {
  assert.throws(() => readPeer({ start: [{ ...start[0], place: 'between' }] }), /start\[0\]\.place must be near or far/)
})

test('each port placeholder gets one port of its own, and other braces stay', async () => {
  const values = new Placeholders({ dir: '/run' })
  await values.addPorts(['{listenPort} {relayPort}', '{relayPort} {dir}'])
  assert.notEqual(values.port('listenPort'), values.port('relayPort'))
  assert.equal(values.fill('{dir}/x:{relayPort} {other}'), `/run/x:${values.port('relayPort')} {other}`)
})
