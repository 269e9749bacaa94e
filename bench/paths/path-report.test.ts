import assert from 'node:assert/strict'
import { test } from 'node:test'

import { drawPaths, formatPathSection, type PathResult } from './path-report.ts'

const results: readonly PathResult[] = [1, 3].map((megabytesPerSecond) => ({
  candidate: 'ours',
  roundTripMs: 20,
  lossPercent: 0.1,
  streams: 8,
  megabytesPerSecond,
}))

test('a point that was measured twice is one row with its median and range, and a dash for who moved nothing', () => {
  const section = formatPathSection({
    candidates: ['ours', 'theirs'],
    results,
    command: 'x',
    loadBefore: 0,
    seconds: 3,
    congestion: 'bbr',
    skipped: ['ssh: not here'],
    picture: 'pictures/long-path.svg',
  })
  assert.match(section, /\| 8 +\| 0\.1 % \| 20 ms +\| 2\.00 \[1\.00-3\.00\] \| - +\|/)
  assert.match(section, /Not measured: ssh: not here/)
  assert.match(section, /congestion control bbr/)
  assert.match(section, /\|\n\n!\[.*\]\(pictures\/long-path\.svg\)\n$/)
})

test('what direct TCP got without loss is told as what the link can carry', () => {
  const direct = { candidate: 'direct', roundTripMs: 20, streams: 8 }
  const section = formatPathSection({
    candidates: ['direct'],
    results: [
      { ...direct, lossPercent: 0, megabytesPerSecond: 54.6 },
      { ...direct, lossPercent: 1, megabytesPerSecond: 60 },
    ],
    ...{ command: 'x', loadBefore: 0, seconds: 3, congestion: 'bbr', skipped: [], picture: undefined },
  })
  assert.match(section, /direct TCP without loss got 55 MB\/s at most/)
})

test('the picture has a panel for each number of streams and loss', () => {
  const svg = drawPaths([...results, ...results.map((result) => ({ ...result, lossPercent: 1 }))])
  assert.match(svg, /8 streams, 0\.1 % of packets lost/)
  assert.match(svg, /8 streams, 1 % of packets lost/)
})
