import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Place, Places } from './places.ts'
import { startCandidate } from './start-processes.ts'

/** Starts a process at each of these places, and says whether clients dial the far side. */
async function isDialledFar(stand: readonly (Place | undefined)[]): Promise<readonly (boolean | undefined)[]> {
  const proved: (boolean | undefined)[] = []
  const places: Places = {
    relayHost: '127.0.0.1',
    enter: () => [],
    prove: async ({ isFar }) => void proved.push(isFar),
  }
  const running = await startCandidate(async (group) => {
    for (const place of stand) {
      const plan = { name: 'sleep', command: ['sleep', '30'], env: {}, ready: { output: '' }, counted: true }
      await group.start({ ...plan, place })
    }
    return await group.finish({ listenPort: 1, targetPort: 2 })
  }, places)
  await running.stop()
  return [...proved, running.isFar]
}

test('clients dial the far side where nothing of a candidate stands beside them', async () => {
  assert.deepEqual(await isDialledFar([undefined, 'far']), [true, true])
  assert.deepEqual(await isDialledFar(['far', 'near', 'far']), [false, false])
})
