import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTarget } from '../hcm-bed.contract.ts'
import { runHcmCommand } from '../hcm-process.contract.ts'
import { endpointToTest } from './test-endpoint.ts'

test('host:port and hosts of namespaces are endpoints, names of hybrid connections are none', () => {
  assert.deepEqual(endpointToTest('db.corp:5432'), { host: 'db.corp', port: 5432 })
  assert.deepEqual(endpointToTest('Contoso.servicebus.windows.net'), {
    host: 'contoso.servicebus.windows.net',
    port: 443,
  })
  for (const name of ['db', 'db.corp', 'site/db', 'a:b']) assert.equal(endpointToTest(name), undefined, name)
})

test('hcm test HOST:PORT says whether this machine reaches it, and needs no service', async () => {
  const target = await startTarget('one')
  const endpoint = `127.0.0.1:${target.port}`
  const reached = await runHcmCommand('/nowhere', 'test', endpoint)
  assert.equal(reached.code, 0, reached.stderr)
  assert.match(reached.stdout, /^ {2}ok +target-tcp/m)
  await target[Symbol.asyncDispose]()
  const refused = await runHcmCommand('/nowhere', 'test', endpoint, '-o', 'json')
  assert.equal(refused.code, 27)
  assert.equal(JSON.parse(refused.stdout).reports[0].subject, endpoint)
})
