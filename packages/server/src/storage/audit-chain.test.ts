import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type ChainLink, chainHash, chainOrigin, checkLinks, nextLink } from './audit-chain.ts'
import { exampleRecord } from './audit-store.contract.ts'
import { decodeAuditRecord, encodeAuditRecord } from './audit-text.ts'

test('the record and the hash in docs/guide/audit.md are what the relay writes', () => {
  const page = readFileSync(new URL('../../../../docs/guide/audit.md', import.meta.url), 'utf8')
  const [, json = ''] = /```json\n(\{\n.*?\n\})\n```/s.exec(page) ?? []
  const [, hash = ''] = /```text\n([0-9a-f]{64})\n```/.exec(page) ?? []
  const text = JSON.stringify(JSON.parse(json))
  const { record } = decodeAuditRecord({ sequence: 1, hash, text })
  assert.deepEqual(nextLink(chainOrigin, encodeAuditRecord(record)), { sequence: 1, hash, text })
})

test('a hash is SHA-256 over the one before, a line feed and the text', () => {
  // printf '%064d\n%s' 0 abc | sha256sum
  assert.equal(chainHash('0'.repeat(64), 'abc'), 'ac10ec504bb4ed3d77c3b3d1cf8fc534a2f6658185a64fc00b24a1afce46cec3')
})

test('the canonical text has its members in one order, and leaves out what is absent', () => {
  const record = exampleRecord()
  const shuffled = Object.fromEntries(Object.entries(record).toReversed()) as unknown as typeof record
  assert.equal(encodeAuditRecord(shuffled), encodeAuditRecord(record))
  assert.deepEqual(Object.keys(JSON.parse(encodeAuditRecord(record))), [
    'at',
    'kind',
    'trackingId',
    'principal',
    'action',
    'scope',
    'result',
    'source',
  ])
})

test('links are followed from any place, and the first that does not fit ends it', () => {
  const links: ChainLink[] = []
  for (let at = 0; at < 5; at += 1) links.push(nextLink(links.at(-1) ?? chainOrigin, `{"at":${at}}`))
  const third = links[2]!
  assert.deepEqual(checkLinks(third, links.slice(3)).count, 2)
  const { position, count, broken } = checkLinks(
    chainOrigin,
    links.with(3, { ...links[3]!, text: '{"sequence":4,"x":1}' }),
  )
  assert.deepEqual([position.sequence, count, broken?.kind, broken?.sequence], [3, 3, 'changed', 4])
  assert.equal(checkLinks(chainOrigin, links, { sequence: 2, hash: third.hash }).broken?.kind, 'otherHead')
})

test('a text that is no record is an error that names the record', () => {
  for (const text of ['', '{}', '{"sequence":7,"at":"yesterday"}', 'null']) {
    assert.throws(
      () => decodeAuditRecord({ sequence: 7, hash: '', text }),
      /^RelayError: Audit record 7 cannot be read/,
      text,
    )
  }
})
