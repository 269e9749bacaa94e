import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Secret } from '@postern/program'
import type { DirectoryPrincipal } from '../domain/directory-principal.ts'
import { addProgram, openTestIdentity } from './identity-setup.contract.ts'
import { RefreshSessions } from './refresh-sessions.ts'

const dayMs = 86_400_000

async function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ['Date'], now: new Date('2026-11-01T00:00:00Z') })
  const setup = await openTestIdentity(t)
  const { directory } = setup.identity
  const { store, documents } = setup
  const sessions = new RefreshSessions({ store, documents, directory })
  t.after(() => sessions.close())
  const { id, credentialId } = await addProgram(setup)
  const principal = (): DirectoryPrincipal => {
    const found = directory.find(id)
    assert.ok(found)
    return found
  }
  const begin = () => sessions.begin(principal(), { clientId: 'Cli', credentialId })
  const use = async (token: Secret, clientId = 'cli'): Promise<Secret> => {
    const result = await sessions.refresh(token, clientId)
    assert.ok(typeof result === 'object')
    assert.equal(result.principal.id, id)
    return result.next
  }
  const count = () => documents.list('refreshSession').length
  return { ...setup, sessions, directory, id, credentialId, begin, use, count }
}

test('each use of a refresh token gives the next one', async (t) => {
  const { begin, use, count } = await setUp(t)
  let token = await begin()
  const seen = new Set<string>()
  for (let n = 0; n < 5; n++) {
    seen.add(token.reveal())
    token = await use(token)
  }
  assert.equal(seen.size, 5)
  assert.equal(count(), 1)
})

test('the token before the newest counts for a minute; after that its use ends the session', async (t) => {
  const { sessions, begin, use, count } = await setUp(t)
  const first = await begin()
  await use(first)
  t.mock.timers.tick(59_000)
  const newest = await use(first)
  t.mock.timers.tick(61_000)
  assert.equal(await sessions.refresh(first, 'cli'), 'ended')
  assert.equal(count(), 0)
  assert.equal(await sessions.refresh(newest, 'cli'), 'unknown', 'the other holder has lost it too')
})

test('two processes that use one token at the same moment both go on', async (t) => {
  const { begin, use, count } = await setUp(t)
  const token = await begin()
  const [one, two] = await Promise.all([use(token), use(token)])
  assert.notEqual(one.reveal(), two.reveal())
  assert.equal(count(), 1)
})

test('a token of another client, a made-up one and a damaged one open nothing', async (t) => {
  const { sessions, begin, use } = await setUp(t)
  const token = await begin()
  assert.equal(await sessions.refresh(token, 'other'), 'unknown')
  const text = token.reveal()
  for (const wrong of [
    '',
    'x',
    text.slice(1),
    `${text}x`,
    text.toUpperCase(),
    text.replace(/\./g, '/'),
    'a'.repeat(100_000),
  ]) {
    assert.equal(await sessions.refresh(new Secret(wrong), 'cli'), 'unknown', wrong.slice(0, 50))
  }
  await use(token)
})

test('a session ends when its principal is disabled, deleted, or has any credential changed', async (t) => {
  for (const end of ['disable', 'delete', 'add', 'remove', 'password'] as const) {
    await t.test(end, async (inner) => {
      const { directory, id, credentialId, sessions, begin } = await setUp(inner)
      const token = await begin()
      if (end === 'disable') await directory.setEnabled(id, false)
      if (end === 'delete') await directory.delete(id)
      if (end === 'add') await directory.addSecret(id, { displayName: 'second' })
      if (end === 'remove') await directory.removeCredential(id, credentialId)
      if (end === 'password') await directory.setPassword(id, new Secret('a long enough password'))
      assert.equal(await sessions.refresh(token, 'cli'), 'ended')
      if (end === 'disable') await directory.setEnabled(id, true)
      assert.equal(await sessions.refresh(token, 'cli'), 'unknown', 'it does not come back')
    })
  }
})

test('a session that is not used ends after 14 days, one that is used after 90', async (t) => {
  const { sessions, begin, use } = await setUp(t)
  const idle = await begin()
  let busy = await begin()
  for (let day = 10; day < 90; day += 10) {
    t.mock.timers.tick(10 * dayMs)
    busy = await use(busy)
  }
  assert.equal(await sessions.refresh(idle, 'cli'), 'ended')
  t.mock.timers.tick(10 * dayMs)
  assert.equal(await sessions.refresh(busy, 'cli'), 'ended')
})

test('a session does not outlive the credential that it began with', async (t) => {
  const { sessions, directory, id } = await setUp(t)
  const expiresAt = new Date(Date.now() + dayMs)
  const { credentialId } = await directory.addSecret(id, { displayName: 'short', expiresAt })
  const principal = directory.find(id)
  assert.ok(principal)
  const token = await sessions.begin(principal, { clientId: 'cli', credentialId })
  t.mock.timers.tick(dayMs)
  assert.equal(await sessions.refresh(token, 'cli'), 'ended')
})

test('of more than a hundred sessions of a principal the oldest ends; what has ended is swept up', async (t) => {
  const { sessions, begin, use, count } = await setUp(t)
  const oldest = await begin()
  for (let n = 0; n < 100; n++) {
    t.mock.timers.tick(1000)
    await begin()
  }
  assert.equal(count(), 100)
  assert.equal(await sessions.refresh(oldest, 'cli'), 'unknown')
  t.mock.timers.tick(15 * dayMs)
  const last = await begin()
  await sessions.sweep()
  assert.equal(count(), 1)
  await use(last)
})

test('whoever is disabled and enabled again signs in again, also where nobody came in between', async (t) => {
  const { sessions, directory, id, begin, count } = await setUp(t)
  const token = await begin()
  await directory.setEnabled(id, false)
  await directory.setEnabled(id, true)
  assert.equal(await sessions.refresh(token, 'cli'), 'ended')
  assert.equal(count(), 0)
})
