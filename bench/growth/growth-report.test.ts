import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { EntitySample } from './entity-sample.ts'
import { drawEntities, drawPairs, formatGrowthSection, type GrowthReport } from './growth-report.ts'
import type { PairSample } from './measure-pairs.ts'

const pair: PairSample = {
  ...{ candidate: 'ours', wanted: 9_000, open: 9_000, openedPerSecond: 100 },
  ...{ connectP50Us: 2_000, connectP99Us: 9_000, pingP50Us: 400, pingP99Us: 900 },
  ...{ bytesPerPair: 20_480, relayBytesPerPair: undefined, relayFiles: undefined, complaint: '' },
}
const entity: EntitySample = {
  ...{ entities: 10, readyMs: 900, readyCpuMs: 800, memoryBytes: 100e6 },
  ...{ senderP50Ms: 1, senderP99Ms: 3, signatureUs: 50, bearerUs: 9 },
}
const report: GrowthReport = {
  ...{ command: 'x', loadBefore: 0, fileLimit: 20_000, repetitions: 2, seconds: 5, problems: [] },
  ...{ pairs: [pair], entities: [entity], pictureFolder: 'pictures' },
}

test('a row says how many pairs were open where those were not all', () => {
  assert.match(formatGrowthSection(report), /\| ours +\| 9000 +\|/)
  const short = { ...report, pairs: [pair, { ...pair, open: 8_192 }], problems: ['ours: only 8192 were open'] }
  assert.match(
    formatGrowthSection(short),
    /\| ours +\| only 8192 of 9000 \|[^]*### Not measured in full\n\n- ours: only 8192/,
  )
})

test('what was not asked for has no table, no picture and no heading', () => {
  const section = formatGrowthSection({ ...report, entities: [] })
  assert.doesNotMatch(section, /Hybrid connections\n|growth-entities/)
})

test('the pictures have a panel for each thing that grows', () => {
  assert.match(drawPairs([pair, { ...pair, open: 1_000 }]), /Next connection[^]*Ping-pong of one active pair[^]*KiB/)
  assert.match(
    drawEntities([entity, { ...entity, entities: 10_000 }]),
    /Start to ready[^]*Memory when ready[^]*May this sender/,
  )
})
