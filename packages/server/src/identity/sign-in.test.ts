import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Secret } from '@postern/program'
import { DocumentCopy } from '../storage/document-copy.ts'
import { MemoryStore } from '../storage/memory/memory-store.ts'
import { Directory } from './directory.ts'
import { PasswordHasher } from './password-hasher.ts'
import { SignIn } from './sign-in.ts'
import { SignInThrottle } from './sign-in-throttle.ts'

async function setUp(t: TestContext, passwords = new PasswordHasher({ cost: 2 ** 8 })) {
  const store = new MemoryStore()
  const documents = await DocumentCopy.open(store)
  const directory = new Directory({ store, documents, passwords })
  t.after(() => directory.close())
  const signIn = new SignIn({ directory, passwords, throttle: new SignInThrottle() })
  const { id } = await directory.create({ kind: 'user', displayName: 'Ann', signInName: 'ann' })
  const password = new Secret('correct horse battery')
  await directory.setPassword(id, password)
  return { directory, signIn, id, password }
}

const address = '192.0.2.1'

test('a person signs in by name and password at a page, and not at the token endpoint', async (t) => {
  const { signIn, id, password } = await setUp(t)
  const result = await signIn.byPassword({ name: 'ANN', secret: password, address })
  assert.ok('principal' in result && result.principal.id === id)
  for (const name of ['ann', id])
    assert.deepEqual(signIn.bySecret({ name, secret: password, address }), { problem: 'credentials' })
})

test('a program may sign in at the page with its client secret', async (t) => {
  const { directory, signIn } = await setUp(t)
  const { id } = await directory.create({ kind: 'servicePrincipal', displayName: 'x', signInName: 'robot' })
  const { secret } = await directory.addSecret(id, { displayName: 'x' })
  assert.ok('principal' in (await signIn.byPassword({ name: 'robot', secret, address })))
})

test('any of several secrets is good, a removed one is not', async (t) => {
  const { directory, signIn } = await setUp(t)
  const { id, clientId } = await directory.create({ kind: 'servicePrincipal', displayName: 'x' })
  const first = await directory.addSecret(id, { displayName: 'first' })
  const second = await directory.addSecret(id, { displayName: 'second' })
  for (const { secret, credentialId } of [first, second]) {
    const result = signIn.bySecret({ name: clientId, secret, address })
    assert.ok('credentialId' in result && result.credentialId === credentialId)
  }
  await directory.removeCredential(id, first.credentialId)
  assert.deepEqual(signIn.bySecret({ name: clientId, secret: first.secret, address }), { problem: 'credentials' })
})

test('an unknown name costs one password hash, like a known one', async (t) => {
  const hashes: (string | undefined)[] = []
  class Counting extends PasswordHasher {
    override matches(password: Secret, hash: string | undefined): Promise<boolean> {
      hashes.push(hash)
      return super.matches(password, hash)
    }
  }
  const { signIn, directory } = await setUp(t, new Counting({ cost: 2 ** 8 }))
  await directory.create({ kind: 'servicePrincipal', displayName: 'x', signInName: 'robot' })
  for (const name of ['nobody', 'robot', 'ann']) await signIn.byPassword({ name, secret: new Secret('x'), address })
  assert.deepEqual(
    hashes.map((hash) => hash?.split('$')[0]),
    [undefined, undefined, 'scrypt'],
  )
})

test('passwords are hashed two at a time; who finds no place to wait is told to come back', async (t) => {
  const { signIn, password } = await setUp(t, new PasswordHasher({ cost: 2 ** 10, maxWaiting: 3 }))
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, n) => signIn.byPassword({ name: 'ann', secret: password, address: `192.0.2.${n}` })),
  )
  assert.equal(results.filter((result) => 'principal' in result).length, 5)
  assert.equal(results.filter((result) => 'problem' in result && result.problem === 'busy').length, 3)
})

test('a hash of another cost, of another kind, or a damaged one matches nothing', async () => {
  const hasher = new PasswordHasher({ cost: 2 ** 8 })
  const password = new Secret('correct horse battery')
  const good = await hasher.hash(password)
  assert.equal(await hasher.matches(password, good), true)
  const dear = await new PasswordHasher({ cost: 2 ** 9 }).hash(password)
  for (const hash of [
    dear,
    good.slice(0, -1),
    'scrypt$256$8$1$$',
    'sha256$a$b',
    '',
    '$$$$$',
    good.replace('256', '1e9'),
  ]) {
    assert.equal(await hasher.matches(password, hash), false, hash)
  }
})
