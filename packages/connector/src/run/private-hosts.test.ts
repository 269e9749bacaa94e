import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatPrivateHosts } from './private-hosts.ts'

const entries = ['127.77.1.2 db.corp db.corp.', '127.77.1.3 web.corp']

test('endpoints come before the lines of the real file, which stay as they are', () => {
  const real = '# mine\n127.0.0.1 localhost\n\n::1   localhost ip6-localhost # six\n'
  assert.equal(formatPrivateHosts(real, entries), `127.77.1.2 db.corp db.corp.\n127.77.1.3 web.corp\n${real}`)
})

test('a real address of an endpoint name is left out, in any spelling, and other names of its line stay', () => {
  const real = '10.0.0.5 DB.Corp. sql # the old way\n10.0.0.6\tweb.corp\n10.0.0.7 notdb.corp db.corp.example\n'
  assert.equal(
    formatPrivateHosts(real, entries).split('\n').slice(2).join('\n'),
    '10.0.0.5\tsql\n10.0.0.7 notdb.corp db.corp.example\n',
  )
})

test('a name in a comment is no name', () => {
  const real = '10.0.0.9 other # not db.corp\n'
  assert.ok(formatPrivateHosts(real, entries).endsWith(real))
})

test('without endpoints the file is the real one, and an empty real file is no obstacle', () => {
  assert.equal(formatPrivateHosts('127.0.0.1 localhost', []), '127.0.0.1 localhost\n')
  assert.equal(formatPrivateHosts('', entries.slice(1)), '127.77.1.3 web.corp\n')
})
