import { test } from 'node:test'
import { expectBoundedMemory } from '../system/message-overload.ts'

const timeout = 900_000

test(
  '10 minutes of more messages than some receivers read: memory is bounded, nobody waits for them',
  {
    timeout,
  },
  (context) => expectBoundedMemory(context, { durationMs: 600_000 }),
)
