import { test } from 'node:test'
import { expectBoundedMemory } from './message-overload.ts'

const timeout = 120_000

test(
  '20 s of more messages than some receivers read: memory is bounded, nobody waits for them',
  { timeout },
  (context) => expectBoundedMemory(context, { durationMs: 20_000 }),
)
