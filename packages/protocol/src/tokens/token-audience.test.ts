import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { audienceCovers, audiencePath } from './token-audience.ts'

const cases: readonly (readonly [encoded: string, host: string, path: string])[] = [
  ['http%3A%2F%2Flocalhost%3A443%2Fhyco', 'localhost', 'hyco'],
  ['http%3A%2F%2Flocalhost%3A8443%2Fhyco', 'localhost', 'hyco'],
  ['http%3A%2F%2Flocalhost%2Fhyco', 'localhost', 'hyco'],
  ['http%3A%2F%2Flocalhost%2Fhyco%2Fsub', 'localhost', 'hyco/sub'],
  ['http%3A%2F%2Flocalhost%3A443%2Fmy%2520hyco', 'localhost', 'my hyco'],
  ['http%3A%2F%2Flocalhost%2F', 'localhost', ''],
  ['http%3A%2F%2Flocalhost%2FHyco%2F', 'localhost', 'Hyco'],
  ['http%3A%2F%2Flocalhost%2Fmy+hyco%2F', 'localhost', 'my hyco'],
  ['sb%3A%2F%2Flocalhost%3A8443%2Fhyco', 'localhost', 'hyco'],
  ['sb%3A%2F%2Flocalhost%3A8443', 'localhost', ''],
  ['https%3A%2F%2Flocalhost%3A8443%2Fhyco', 'localhost', 'hyco'],
  ['http%3a%2f%2fContoso.ServiceBus.windows.net%2fhyco%2f', 'contoso.servicebus.windows.net', 'hyco'],
  ['wss%3A%2F%2Fh%3A443%2F%24hc%2Fhyco', 'h', 'hyco'],
  ['ws%3A%2F%2Fh%2F%2524hc%2F', 'h', ''],
  ['http%3A%2F%2F%5B%3A%3A1%5D%3A8443%2Fhyco', '[::1]', 'hyco'],
  ['http%3A%2F%2Fh%2Fhyco%3Fa%3D1%23f', 'h', 'hyco'],
  ['http://h/hyco', 'h', 'hyco'],
  ['http%3A%2F%2Fh%2Fbad%25zz', 'h', 'bad%zz'],
]

for (const [encoded, host, path] of cases) {
  test(`${encoded} is for path "${path}" of ${host}`, () => {
    assert.deepEqual(audiencePath(encoded), { host, path })
  })
}

test('a resource that is no address of a relay has no audience', () => {
  for (const encoded of [
    '',
    'hyco',
    'localhost%2Fhyco',
    'ftp%3A%2F%2Fh%2Fhyco',
    'http%3A%2F%2F',
    'http%3A%2F%2F%2Fhyco',
    'http%3A%2F%2Fuser%40h%2Fhyco',
    'http%3A%2F%2Fh%3Ax%2Fhyco',
    'http%3A%2F%2Fh%20h%2Fhyco',
    'http%3A%2F%2Fh%5Chyco',
  ]) {
    assert.equal(audiencePath(encoded), undefined, encoded)
  }
})

test('a token covers its path and what lies below it, without regard to case', () => {
  assert.equal(audienceCovers('hyco', 'hyco'), true)
  assert.equal(audienceCovers('hyco', 'HYCO/sub/x'), true)
  assert.equal(audienceCovers('Hyco', 'hyco/'), true)
  assert.equal(audienceCovers('hyco/', 'hyco'), true)
  assert.equal(audienceCovers('hyco/sub', 'hyco/sub'), true)
})

test('the namespace covers everything', () => {
  assert.equal(audienceCovers('', 'hyco/sub'), true)
  assert.equal(audienceCovers('/', ''), true)
})

test('a token covers neither its parent nor a neighbour whose name begins alike', () => {
  assert.equal(audienceCovers('hyco/sub', 'hyco'), false)
  assert.equal(audienceCovers('hyco', 'hyco2'), false)
  assert.equal(audienceCovers('hyco', ''), false)
  assert.equal(audienceCovers('hyco', 'other/hyco'), false)
})

test('a token for a path does not cover what climbs out of it by dot segments, however they are written', () => {
  for (const path of ['a/b/..', 'a/b/../c', 'a/b/x/../../c', 'a/b//../c', 'a/b/./../c', 'a/b/..\\c', 'a/b/..;v=1/c']) {
    assert.equal(audienceCovers('a/b', path), false, path)
    assert.equal(audienceCovers('a', path), true, path)
    assert.equal(audienceCovers('', path), true, path)
  }
  for (const path of ['a/b/x/..', 'a/b/x/../y', 'a/b/./c', 'a/b/..c', 'a/b/...', 'a/b/c;..']) {
    assert.equal(audienceCovers('a/b', path), true, path)
  }
})

test('no resource makes the reader throw or take long', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void audiencePath(text)))
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void audiencePath(`http%3A%2F%2F${text}`)))
  const began = performance.now()
  audiencePath(`http://h/${'/'.repeat(8000)}x${'/'.repeat(8000)}`)
  assert.ok(performance.now() - began < 500)
})

test('a token for a path covers exactly that path and those that continue it behind a slash', () => {
  const segment = fc.stringMatching(/^[a-z]{1,4}$/)
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1 }), fc.array(segment, { minLength: 1 }), (outer, inner) => {
      const covers = outer.every((part, index) => inner[index] === part)
      assert.equal(audienceCovers(outer.join('/'), inner.join('/')), covers)
      const resource = encodeURIComponent(`http://h:1/${outer.join('/')}/`)
      assert.equal(audiencePath(resource)?.path, outer.join('/'))
    }),
  )
})
