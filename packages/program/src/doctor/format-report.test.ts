import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DoctorReport } from './finding.ts'
import { formatReports } from './format-report.ts'

const report: DoctorReport = {
  subject: 'relay.example.test/db',
  hops: [
    { hop: 'dns', state: 'ok', ms: 1, seen: 'the relay has an address' },
    {
      hop: 'tcp',
      state: 'failed',
      ms: 3_000,
      seen: 'no answer',
      fix: 'A firewall drops the packets, or the host is down.',
    },
  ],
}

test('a report has a line for each hop, and below it what to do', () => {
  assert.equal(
    formatReports([report]),
    `relay.example.test/db
  ok       dns                  1 ms  the relay has an address
  FAILED   tcp               3000 ms  no answer
                                      A firewall drops the packets, or the host is down.
  Broken: tcp.
`,
  )
})

test('on a narrow terminal a long text goes on below itself', () => {
  const lines = formatReports([report], 66).split('\n')
  assert.deepEqual(lines.slice(3, 6), [
    `${' '.repeat(38)}A firewall drops the`,
    `${' '.repeat(38)}packets, or the host is`,
    `${' '.repeat(38)}down.`,
  ])
  assert.ok(lines.every((line) => line.length <= 66))
})

test('with several broken hops the report says where to begin', () => {
  const hops = report.hops.map((hop) => ({ ...hop, state: 'failed' as const }))
  assert.match(formatReports([{ ...report, hops }]), /Broken: dns, tcp\. Begin with dns\.\n$/)
})
