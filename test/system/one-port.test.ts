// A private site opens one port: data and management door on 443, told apart by host name, in a network namespace where
// nothing else listens (one-port-in-namespace.ts).
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { OnePortResults } from './one-port-in-namespace.ts'
import { missingPrograms, output } from './run-program.ts'

const missing = missingPrograms({ unshare: 'util-linux', ip: 'iproute2' })
const isForbidden = !missing && spawnSync('unshare', ['-Urn', 'true']).status !== 0
if (isForbidden && process.env['CI'] === 'true') throw new Error('the right to make a network namespace is missing')
const skip = missing || (isForbidden && 'NOT TESTED: one port needs the right to make a network namespace')

describe('both doors on port 443', { skip }, () => {
  let results: OnePortResults

  before(async () => {
    const inside = fileURLToPath(new URL('./one-port-in-namespace.ts', import.meta.url))
    const command = 'ip link set lo up && exec "$0" --conditions=@postern/source "$1"'
    results = JSON.parse(
      await output('unshare', ['-Urn', '--kill-child', 'sh', '-c', command, process.execPath, inside]),
    ) as OnePortResults
  })

  it('nothing else listens', () => {
    assert.deepEqual([...new Set(results.ports)], [443])
    assert.deepEqual(
      [results.dataAddress, results.managementAddress].map((address) => new URL(address).port),
      ['', ''],
    )
  })

  it('a listener, a sender and their rendezvous meet there', () => {
    assert.equal(results.rendezvous, 'relay.test')
    assert.equal(results.echoed, 'through one port')
  })

  it('management pages answer at management hosts only, in any spelling of them', () => {
    const { answers } = results
    for (const asked of ['manage.relay.test /readyz', 'ops /readyz']) {
      assert.deepEqual([answers[asked]?.[0], JSON.parse(answers[asked]?.[1] ?? '').status], [200, 'ready'], asked)
    }
    assert.equal(answers['MANAGE.relay.test. /healthz']?.[0], 200)
    assert.match(answers['manage.relay.test /metrics']?.[1] ?? '', /^postern_active_listeners\{.*entity="echo"\} 1$/m)
    for (const asked of ['relay.test /metrics', 'relay.test /healthz', 'manage.relay.test.evil.test /readyz/x']) {
      assert.equal(answers[asked]?.[0], 401, asked)
      assert.doesNotMatch(answers[asked]?.[1] ?? '', /postern_|alive/)
    }
  })

  it('a hybrid connection may have the name of a management page', () => {
    assert.deepEqual(results.answers['relay.test /readyz'], [200, 'from a listener'])
  })

  it('no hybrid connection is reached at a management host', () => {
    for (const asked of ['manage.relay.test /echo', 'manage.relay.test /$hc/echo']) {
      const [status, body = ''] = results.answers[asked] ?? []
      assert.deepEqual([status, JSON.parse(body).error.code], [401, 'AuthenticationFailed'], asked)
    }
    assert.equal(results.upgradeAtManagement, 404)
  })
})
