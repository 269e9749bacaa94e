import assert from 'node:assert/strict'
import { test } from 'node:test'

import { summariseProfile } from './profile-summary.ts'

const frame = (functionName: string, url: string, lineNumber: number): object => ({ functionName, url, lineNumber })

test('time counts for the function that ran, the dearest first, and waiting is left out', () => {
  const nodes = [
    { id: 1, callFrame: frame('(idle)', '', -1) },
    { id: 2, callFrame: frame('cheap', 'file:///a/cheap.ts', 0) },
    { id: 3, callFrame: frame('dear', 'file:///a/dear.ts', 9) },
  ]
  const profile = JSON.parse(JSON.stringify({ nodes, samples: [1, 2, 3, 3], timeDeltas: [9_000, 1_000, 1_000, 2_000] }))
  assert.equal(summariseProfile(profile), ' 75.0 %       3 ms  dear dear.ts:10\n 25.0 %       1 ms  cheap cheap.ts:1')
})
