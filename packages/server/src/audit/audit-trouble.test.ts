import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '@postern/program'
import { Health } from '../telemetry/health.ts'
import { tellAuditTrouble } from './audit-trouble.ts'

test('an audit log that cannot be written is said in the log and in /readyz until it can be again', async () => {
  const health = new Health()
  health.become('ready')
  const lines: unknown[] = []
  const tell = tellAuditTrouble(health, {
    ...silentLogger,
    error: (event, fields) => void lines.push(['error', event, fields]),
    info: (event) => void lines.push(['info', event]),
  })
  tell('the disk is full')
  const { status, text } = await health.readyPage.render()
  assert.deepEqual(
    [status, JSON.parse(text)],
    [200, { status: 'ready', degraded: true, reasons: [{ part: 'audit', message: 'the disk is full' }] }],
  )
  tell(undefined)
  assert.deepEqual(health.reasons, [])
  assert.deepEqual(lines, [
    ['error', 'audit.write-failed', { problem: 'the disk is full' }],
    ['info', 'audit.recovered'],
  ])
})
