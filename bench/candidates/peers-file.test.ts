import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { readPeersFile } from './peers-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-peers-file-'))
after(() => rmSync(folder, { recursive: true }))

function read(content: object): unknown {
  const file = join(folder, 'peers.json')
  writeFileSync(file, JSON.stringify(content))
  return readPeersFile(file, '/bench/peers')
}

test('a word is a peer of the benchmark, a path lies beside the peers file', () => {
  assert.deepEqual(read({ path: ['bin', '/opt/bin'], peers: ['ssh', './mine.json', '/far/other.json'] }), {
    files: ['/bench/peers/ssh.json', join(folder, 'mine.json'), '/far/other.json'],
    path: [join(folder, 'bin'), '/opt/bin'],
  })
})

test('a peers file with an unknown key, or without peers, is refused by the name of the key', () => {
  assert.throws(() => read({ peers: [], peer: 'ssh' }), /there is no key 'peer' \(known: path, peers\)/)
  assert.throws(() => read({ path: [] }), /peers must be a list of texts/)
})

test('the example names peers that are there', () => {
  const peersFolder = join(import.meta.dirname, '..', 'peers')
  const { files } = readPeersFile(join(import.meta.dirname, '..', 'peers.example.json'), peersFolder)
  assert.ok(files.length >= 5)
  for (const file of files) assert.ok(existsSync(file), file)
})
