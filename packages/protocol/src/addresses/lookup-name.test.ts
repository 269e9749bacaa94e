import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lookupName } from './lookup-name.ts'

test('names below localhost are looked up as localhost, all others as they are', () => {
  for (const name of ['contoso1.localhost', 'a.b.LOCALHOST', 'a.localhost.'])
    assert.equal(lookupName(name), 'localhost')
  for (const name of ['localhost', 'notlocalhost', 'localhost.example.test', '127.0.0.1'])
    assert.equal(lookupName(name), name)
})
