import assert from 'node:assert/strict'
import { test } from 'node:test'

import { type ChartOptions, formatSvgPanels } from './svg-panels.ts'

const chart: ChartOptions = {
  title: 'Speed & <loss>',
  xLabel: 'ms',
  yLabel: 'MB/s',
  columns: 1,
  panels: [
    {
      title: 'one',
      series: [
        {
          name: 'ours',
          points: [
            [20, 0],
            [200, 90],
          ],
        },
      ],
    },
  ],
}

test('points stand where their numbers are: from left to right and from 0 to the round number above', () => {
  const svg = formatSvgPanels(chart)
  // The panel is 380 by 260; 62 are left of it, 14 right, 30 above, 46 below; 90 lies in 0 to 100.
  assert.match(svg, /<polyline points="62,214 366,48.4"/)
  assert.match(svg, />100<\/text>/)
})

test('a name has one colour in all panels and stands in the legend once', () => {
  const series = [{ name: 'ours', points: [[1, 1]] as const }]
  const other = [{ name: 'theirs', points: [[1, 1]] as const }, ...series]
  const svg = formatSvgPanels({
    ...chart,
    panels: [
      { title: 'one', series },
      { title: 'two', series: other },
    ],
  })
  assert.equal(svg.match(/>ours</g)?.length, 1)
  assert.equal(svg.match(/<polyline [^>]*#0072b2/g)?.length, 2)
  assert.equal(svg.match(/<polyline [^>]*#d55e00/g)?.length, 1)
})

test('text of others is text in the picture, never a part of it', () => {
  assert.match(formatSvgPanels(chart), /Speed &amp; &lt;loss&gt;/)
})

test('a logarithmic axis takes equal steps for equal factors', () => {
  const series = [
    {
      name: 'ours',
      points: [
        [10, 1],
        [100, 10],
        [1_000, 100],
      ] as const,
    },
  ]
  const svg = formatSvgPanels({
    ...chart,
    hasLogarithmicX: true,
    hasLogarithmicY: true,
    panels: [{ title: 'one', series }],
  })
  assert.match(svg, /<polyline points="62,214 214,122 366,30"/)
})
