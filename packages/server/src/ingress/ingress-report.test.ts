import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '@postern/program'
import { IngressStatus } from '../domain/ingress-status.ts'
import { ingressOf } from '../storage/declared-ingress.ts'
import { Health } from '../telemetry/health.ts'
import { IngressReport } from './ingress-report.ts'

test('a port that cannot be had is told once, with all entries that want it and their namespaces', () => {
  const lines: unknown[] = []
  const log = { ...silentLogger, error: (event: string, fields?: object) => void lines.push([event, fields]) }
  const [health, status] = [new Health(), new IngressStatus()]
  const report = new IngressReport({ health, status, log })
  const wanted = ['One', 'two'].flatMap((owner) =>
    ingressOf([{ name: 'a', port: 443, sni: [`${owner}.test`], hybridConnection: 'db', access: 'open' }]).map(
      (entry) => ({
        owner,
        entry,
        isManaged: owner === 'two',
      }),
    ),
  )
  for (let at = 0; at < 2; at += 1) report.replaceUnbound([{ wanted, message: 'cannot have port 443' }])
  const message = 'ingress One/a, two/a cannot have port 443'
  assert.deepEqual(lines, [['ingress.port-failed', { message }]])
  assert.deepEqual(health.reasons, [{ part: 'ingress', message: 'ingress One/a cannot have port 443' }])
  assert.equal(status.problemOf('TWO', 'a'), 'cannot have port 443')
  report.replaceUnbound([])
  assert.deepEqual(health.reasons, [])
})
