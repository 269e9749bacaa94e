import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Secret } from '@postern/program'
import { jwtVerify, SignJWT } from 'jose'
import { DocumentCopy } from '../storage/document-copy.ts'
import { MemoryStore } from '../storage/memory/memory-store.ts'
import { SigningKeys } from './signing-keys.ts'

const dayMs = 86_400_000
const hourMs = 3_600_000

async function setUp(t: TestContext) {
  const store = new MemoryStore()
  let nowMs = Date.parse('2026-11-01T00:00:00Z')
  const open = async (): Promise<SigningKeys> => {
    const documents = await DocumentCopy.open(store)
    const options = { store, documents, keyLifetimeMs: 30 * dayMs, tokenLifetimeMs: hourMs, now: () => nowMs }
    const keys = await SigningKeys.open(options)
    t.after(() => {
      keys.close()
      documents.close()
    })
    return keys
  }
  const count = async () => (await store.list()).filter(({ document }) => document.kind === 'signingKey').length
  return { open, count, pass: (ms: number) => (nowMs += ms) }
}

const ids = (keys: SigningKeys) => keys.jwks().keys.map(({ kid }) => kid)

test('a key is made once, and a restart goes on with it', async (t) => {
  const { open, count } = await setUp(t)
  const first = await open()
  const second = await open()
  assert.equal(await count(), 1)
  const token = await new SignJWT({ a: 1 }).setProtectedHeader({ alg: 'ES256' }).sign(first.current.privateKey)
  const key = second.find(first.current.id)
  assert.ok(key)
  assert.equal((await jwtVerify(token, key)).payload['a'], 1)
})

test('a key of thirty days is replaced; the old one stays until its last token has run out', async (t) => {
  const { open, pass } = await setUp(t)
  const keys = await open()
  const old = keys.current.id
  pass(30 * dayMs - 1)
  await keys.maintain()
  assert.equal(keys.current.id, old)
  pass(1)
  await keys.maintain()
  assert.notEqual(keys.current.id, old)
  assert.deepEqual(ids(keys), [keys.current.id, old], 'the newest first')
  pass(hourMs)
  await keys.maintain()
  assert.ok(keys.find(old))
  pass(300_001)
  await keys.maintain()
  assert.equal(keys.find(old), undefined)
  assert.deepEqual(ids(keys), [keys.current.id])
})

test('two nodes that begin at the same moment agree on one key, and know both', async (t) => {
  const { open } = await setUp(t)
  const [one, two] = await Promise.all([open(), open()])
  await Promise.all([one.maintain(), two.maintain()])
  assert.equal(one.current.id, two.current.id)
  assert.deepEqual(ids(one), ids(two))
})

test('a rotation at once is seen by the other nodes, and a revoking one leaves nothing old', async (t) => {
  const { open, pass, count } = await setUp(t)
  const one = await open()
  const two = await open()
  const old = one.current.id
  pass(1000)
  const next = await one.rotate()
  await two.maintain()
  assert.equal(two.current.id, next)
  assert.ok(two.find(old))
  pass(1000)
  const last = await two.rotate({ revoke: true })
  await one.maintain()
  assert.deepEqual([ids(one), await count()], [[last], 1])
})

test('a key that cannot be read is told of and signs nothing; the others go on', async (t) => {
  const store = new MemoryStore()
  const documents = await DocumentCopy.open(store)
  const problems: unknown[] = []
  const keys = await SigningKeys.open({
    store,
    documents,
    keyLifetimeMs: 30 * dayMs,
    tokenLifetimeMs: hourMs,
    onError: (problem) => problems.push(problem),
  })
  t.after(() => {
    keys.close()
    documents.close()
  })
  const { id } = keys.current
  const later = new Date(Date.now() + 1000)
  const privateJwk = new Secret('{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}')
  const value = { id: 'damaged', algorithm: 'ES256', privateJwk, createdAt: later, updatedAt: later } as const
  await store.put({ kind: 'signingKey', value })
  await keys.maintain()
  assert.equal(problems.length, 1)
  assert.deepEqual([keys.current.id, ids(keys), keys.find('damaged')], [id, [id], undefined])
})

test('two rotations at once leave one key that all agree on, and no token of either is lost', async (t) => {
  const { open } = await setUp(t)
  const [one, two] = [await open(), await open()]
  const made = await Promise.all([one.rotate(), two.rotate()])
  await Promise.all([one.maintain(), two.maintain()])
  assert.equal(one.current.id, two.current.id)
  for (const keys of [one, two]) for (const id of made) assert.ok(keys.find(id))
})
