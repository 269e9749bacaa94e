import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dialTarget } from './dial-target.ts'

test('an address to dial from that is none is a refusal, and nothing that is thrown at once', async () => {
  const target = { protocol: 'tcp', host: '127.0.0.1', port: 9, portName: '' } as const
  const dialing = dialTarget(target, { sourceAddress: 'localhost', attempts: 1 }, () => {})
  await assert.rejects(dialing, /Invalid IP address/)
})
