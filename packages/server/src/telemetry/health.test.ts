import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Health } from './health.ts'

async function readyOf(health: Health): Promise<[number, unknown]> {
  const { status, text } = await health.readyPage.render()
  return [status, JSON.parse(text)]
}

test('readiness goes from starting over ready to draining', async () => {
  const health = new Health()
  assert.deepEqual(await readyOf(health), [503, { status: 'starting', degraded: false, reasons: [] }])
  health.become('ready')
  assert.deepEqual(await readyOf(health), [200, { status: 'ready', degraded: false, reasons: [] }])
  health.become('draining')
  assert.deepEqual(await readyOf(health), [503, { status: 'draining', degraded: false, reasons: [] }])
  assert.throws(() => health.become('ready'), TypeError)
})

test('a degraded node says so and goes on serving', async () => {
  const health = new Health()
  health.become('ready')
  health.report('certificates', 'relay.example.test expires in 3 days')
  health.report('storage', 'first')
  health.report('storage', 'the disk is full')
  assert.deepEqual(await readyOf(health), [
    200,
    {
      status: 'ready',
      degraded: true,
      reasons: [
        { part: 'certificates', message: 'relay.example.test expires in 3 days' },
        { part: 'storage', message: 'the disk is full' },
      ],
    },
  ])
  health.clear('certificates')
  health.clear('storage')
  assert.deepEqual(health.reasons, [])
})

test('liveness does not depend on readiness', async () => {
  const health = new Health()
  health.become('draining')
  health.report('storage', 'gone')
  assert.deepEqual(await health.livePage.render(), { status: 200, text: '{"status":"alive"}\n' })
})
