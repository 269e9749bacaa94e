import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '@postern/program'
import { type AdministratorAccess, ensureAdministrator, resetAdministrator } from './administrator.ts'
import { openTestIdentity, type TestIdentity } from './identity-setup.contract.ts'

function options(setup: TestIdentity, kept: AdministratorAccess[] = []) {
  const keep = async (access: AdministratorAccess) => {
    kept.push(access)
  }
  return { directory: setup.identity.directory, store: setup.store, documents: setup.documents, keep }
}

const canSignIn = async (setup: TestIdentity, { clientId, clientSecret }: AdministratorAccess): Promise<boolean> => {
  const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret.reveal() }
  return (await setup.post('/common/oauth2/v2.0/token', form)).status === 200
}

test('where there is nobody yet an administrator is made, Owner of everything', async (t) => {
  const setup = await openTestIdentity(t)
  const kept: AdministratorAccess[] = []
  const access = await ensureAdministrator(options(setup, kept))
  assert.ok(access && (await canSignIn(setup, access)))
  assert.deepEqual(kept, [access])
  const { id } = setup.identity.directory.findBySignInName('ADMIN') ?? {}
  const [given, ...others] = setup.documents.list('roleAssignment').map(({ document }) => document.value)
  assert.deepEqual(others, [])
  assert.equal(given?.principalId, id)
  assert.equal(given?.scope, '/')
  assert.equal(given?.roleDefinitionId, '8e3af657-a8ff-443c-a75c-2fe8c4bcb635')
})

test('where there is somebody nothing is made', async (t) => {
  const setup = await openTestIdentity(t)
  await setup.identity.directory.create({ kind: 'servicePrincipal', displayName: 'first' })
  assert.equal(await ensureAdministrator(options(setup)), undefined)
  assert.equal(setup.identity.directory.size, 1)
})

test('a start that was cut short is begun anew', async (t) => {
  const setup = await openTestIdentity(t)
  const cut = { ...options(setup), keep: () => Promise.reject(new Error('the disk is full')) }
  await assert.rejects(ensureAdministrator(cut), /disk is full/)
  assert.equal(setup.identity.directory.size, 0)
  const access = await ensureAdministrator(options(setup))
  assert.ok(access && (await canSignIn(setup, access)))
})

test('the secret may come from outside, and the name serves as client id', async (t) => {
  const setup = await openTestIdentity(t)
  const secret = new Secret('0123456789abcdef0123456789abcdef')
  const access = await ensureAdministrator({ ...options(setup), secret })
  assert.equal(access?.clientSecret, secret)
  assert.ok(await canSignIn(setup, { clientId: 'admin', clientSecret: secret }))
})

test('a reset gives a new secret, ends the old one, and gives back what was taken away', async (t) => {
  const setup = await openTestIdentity(t)
  const before = await ensureAdministrator(options(setup))
  const { directory } = setup.identity
  const admin = directory.findBySignInName('admin')
  await directory.setEnabled(admin?.id ?? '', false)
  for (const { key } of setup.documents.list('roleAssignment')) await setup.store.delete(key)
  const after = await resetAdministrator(options(setup))
  assert.equal(after.clientId, before?.clientId)
  assert.ok(await canSignIn(setup, after))
  assert.ok(before && !(await canSignIn(setup, before)))
  assert.equal(setup.documents.list('roleAssignment').length, 1)
  await resetAdministrator(options(setup))
  assert.equal(setup.documents.list('roleAssignment').length, 1)
})

test('a reset makes the administrator when somebody has deleted him', async (t) => {
  const setup = await openTestIdentity(t)
  await setup.identity.directory.create({ kind: 'user', displayName: 'Ann', signInName: 'ann' })
  assert.ok(await canSignIn(setup, await resetAdministrator(options(setup))))
})
