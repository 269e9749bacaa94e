import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { Secret } from '@postern/program'
import { isRelayError } from '@postern/protocol'
import { createSignInCertificate } from '@postern/testkit'
import { DocumentCopy } from '../storage/document-copy.ts'
import { MemoryStore } from '../storage/memory/memory-store.ts'
import { Directory } from './directory.ts'
import { PasswordHasher } from './password-hasher.ts'

async function openDirectory(t: TestContext, store = new MemoryStore()) {
  const documents = await DocumentCopy.open(store)
  const directory = new Directory({ store, documents, passwords: new PasswordHasher({ cost: 2 ** 8 }) })
  t.after(() => {
    directory.close()
    documents.close()
  })
  return { directory, store, documents }
}

const spki = (type: 'rsa' | 'ec' | 'rsa1024' | 'p384' | 'ed25519'): string => {
  const { publicKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : type === 'rsa1024'
        ? generateKeyPairSync('rsa', { modulusLength: 1024 })
        : type === 'ed25519'
          ? generateKeyPairSync('ed25519')
          : generateKeyPairSync('ec', { namedCurve: type === 'ec' ? 'prime256v1' : 'secp384r1' })
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

test('a principal is found by each of its names, in any case, as long as it has them', async (t) => {
  const { directory } = await openDirectory(t)
  const { id, clientId } = await directory.create({ kind: 'servicePrincipal', displayName: 'x', signInName: 'Robot' })
  for (const found of [
    directory.find(id.toUpperCase()),
    directory.findByClientId(clientId),
    directory.findBySignInName('ROBOT'),
  ]) {
    assert.equal(found?.id, id)
  }
  await directory.delete(id)
  assert.equal(await directory.delete(id), false)
  for (const gone of [directory.find(id), directory.findByClientId(clientId), directory.findBySignInName('robot')]) {
    assert.equal(gone, undefined)
  }
})

test('changes of another node are seen', async (t) => {
  const store = new MemoryStore()
  const one = await openDirectory(t, store)
  const two = await openDirectory(t, store)
  const changed: string[] = []
  two.directory.onChange((id) => changed.push(id))
  const { id } = await one.directory.create({ kind: 'user', displayName: 'Ann', signInName: 'ann' })
  assert.equal(two.directory.findBySignInName('ann')?.id, id)
  await two.directory.setEnabled(id, false)
  assert.equal(one.directory.find(id)?.isEnabled, false)
  assert.deepEqual(changed, [id, id])
})

test('a sign-in name belongs to one principal, also when two ask for it at once', async (t) => {
  const { directory } = await openDirectory(t)
  const wanted = { kind: 'user', displayName: 'Ann', signInName: 'ann' } as const
  const results = await Promise.allSettled([
    directory.create(wanted),
    directory.create({ ...wanted, signInName: 'ANN' }),
  ])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  assert.equal(directory.size, 1)
})

test('where two nodes gave one name away, all agree on the older principal', async (t) => {
  const store = new MemoryStore()
  const { directory } = await openDirectory(t, store)
  const { id } = await directory.create({ kind: 'user', displayName: 'Ann', signInName: 'ann' })
  const first = directory.find(id)
  assert.ok(first)
  const older = { ...first, id: 'older', clientId: 'older', createdAt: new Date(0) }
  await store.put({ kind: 'principal', value: older })
  assert.equal(directory.findBySignInName('ann')?.id, 'older')
  const { directory: fresh } = await openDirectory(t, store)
  assert.equal(fresh.findBySignInName('ann')?.id, 'older')
})

test('writes of several at once lose nothing', async (t) => {
  const { directory } = await openDirectory(t)
  const { id } = await directory.create({ kind: 'servicePrincipal', displayName: 'x' })
  await Promise.all(Array.from({ length: 10 }, (_, n) => directory.addSecret(id, { displayName: `secret ${n}` })))
  assert.equal(directory.find(id)?.credentials.length, 10)
  await assert.rejects(directory.addSecret(id, { displayName: 'one more' }), (error) =>
    isRelayError(error, 'ResourceConflict'),
  )
})

test('a secret is kept as a hash only', async (t) => {
  const { directory, documents } = await openDirectory(t)
  const { id } = await directory.create({ kind: 'user', displayName: 'Ann', signInName: 'ann' })
  const { secret } = await directory.addSecret(id, { displayName: 'x' })
  await directory.setPassword(id, new Secret('correct horse battery'))
  assert.match(secret.reveal(), /^[\w-]{43}$/)
  const text = JSON.stringify(documents.list('principal'))
  assert.ok(!text.includes(secret.reveal()) && !text.includes('correct horse'))
})

test('a person has one password; a new one takes the place of the old', async (t) => {
  const { directory } = await openDirectory(t)
  const { id } = await directory.create({ kind: 'user', displayName: 'Ann', signInName: 'ann' })
  await directory.setPassword(id, new Secret('the first password'))
  await directory.setPassword(id, new Secret('the second password'))
  assert.equal(directory.find(id)?.credentials.length, 1)
  for (const bad of ['short', 'x'.repeat(1025)]) {
    await assert.rejects(directory.setPassword(id, new Secret(bad)), /10 to 1024 characters/)
  }
})

test('keys are taken that may sign, private ones and weak ones are not', async (t) => {
  const { directory } = await openDirectory(t)
  const { id } = await directory.create({ kind: 'servicePrincipal', displayName: 'x' })
  for (const good of [spki('rsa'), spki('ec')]) await directory.addKey(id, good, { displayName: 'key' })
  const privatePem = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  })
  for (const [pem, problem] of [
    [spki('rsa1024'), /2048 to 8192/],
    [spki('p384'), /P-256/],
    [spki('ed25519'), /P-256/],
    [privatePem.toString(), /private key/],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', /neither a certificate/],
    ['nonsense', /neither a certificate/],
    ['x'.repeat(20_000), /too long/],
  ] as const) {
    await assert.rejects(async () => directory.addKey(id, pem, { displayName: 'key' }), problem)
  }
  assert.equal(directory.find(id)?.credentials.length, 2)
})

test('a credential that is removed is gone, an unknown one is told', async (t) => {
  const { directory } = await openDirectory(t)
  const { id } = await directory.create({ kind: 'servicePrincipal', displayName: 'x' })
  const { credentialId } = await directory.addSecret(id, { displayName: 'x' })
  await directory.removeCredential(id, credentialId)
  assert.deepEqual(directory.find(id)?.credentials, [])
  await assert.rejects(directory.removeCredential(id, credentialId), /no credential/)
  await assert.rejects(directory.removeCredential('nobody', credentialId), /no principal/)
})

test('names that could be taken for something else are refused', async (t) => {
  const { directory } = await openDirectory(t)
  for (const signInName of ['', 'a b', 'a:b', 'ä', 'x'.repeat(129), '<b>']) {
    await assert.rejects(async () => directory.create({ kind: 'user', displayName: 'x', signInName }), /sign-in name/)
  }
  await assert.rejects(async () => directory.create({ kind: 'user', displayName: 'x' }), /needs a sign-in name/)
  await assert.rejects(async () => directory.create({ kind: 'app', displayName: 'a\nb' }), /control characters/)
})

test('replaced credentials end all that were there, and let a disabled principal in again', async (t) => {
  const { directory } = await openDirectory(t)
  const { id } = await directory.create({ kind: 'servicePrincipal', displayName: 'x' })
  for (let n = 0; n < 9; n++) await directory.addSecret(id, { displayName: `secret ${n}` })
  await directory.addKey(id, spki('ec'), { displayName: 'key' })
  await directory.setEnabled(id, false)
  const before = directory.find(id)?.credentials.map((each) => each.id) ?? []
  await directory.replaceCredentials(id, new Secret('x'.repeat(43)), { displayName: 'reset' })
  const after = directory.find(id)
  assert.deepEqual([after?.isEnabled, after?.credentials.length], [true, 1])
  assert.ok(!before.includes(after?.credentials[0]?.id ?? ''))
})

test('what is changed of a principal that is deleted at the same moment does not bring it back', async (t) => {
  const { directory } = await openDirectory(t)
  const { id } = await directory.create({ kind: 'servicePrincipal', displayName: 'x' })
  const [isDeleted, change] = await Promise.allSettled([
    directory.delete(id),
    directory.addSecret(id, { displayName: 'late' }),
  ])
  assert.deepEqual([isDeleted.status, change.status], ['fulfilled', 'rejected'])
  assert.equal(directory.find(id), undefined)
})

test('a key ends with its certificate or its label, whichever is earlier', async (t) => {
  const { directory } = await openDirectory(t)
  const { id } = await directory.create({ kind: 'servicePrincipal', displayName: 'x' })
  const { certPem } = await createSignInCertificate()
  const [soon, late] = [new Date(Date.now() + 60_000), new Date(Date.now() + 86_400_000)]
  const endWith = async (pem: string, expiresAt?: Date): Promise<Date | undefined> => {
    const credentialId = await directory.addKey(id, pem, { displayName: 'key', ...(expiresAt && { expiresAt }) })
    return directory.find(id)?.credentials.find((each) => each.id === credentialId)?.expiresAt
  }
  assert.equal(await endWith(spki('ec')), undefined)
  assert.deepEqual(await endWith(spki('ec'), soon), soon)
  const { validToDate } = new X509Certificate(certPem)
  assert.deepEqual([await endWith(certPem), await endWith(certPem, late)], [validToDate, validToDate])
  assert.deepEqual(await endWith(certPem, soon), soon)
})
