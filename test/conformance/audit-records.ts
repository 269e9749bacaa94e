import { setTimeout } from 'node:timers/promises'
import type { TestRelay } from '@postern/testkit'

type AuditTrail = TestRelay['relay']['server']['audit']
type AuditRecord = Awaited<ReturnType<AuditTrail['query']>>[number]['record']

/** What the audit log of a relay in this process holds, oldest first, as soon as it holds `count` records. */
export async function auditRecords(relay: TestRelay, count: number): Promise<AuditRecord[]> {
  const { audit } = relay.relay.server
  const signal = AbortSignal.timeout(10_000)
  for (;;) {
    await audit.flush()
    const found = await audit.query({ limit: 1000 })
    if (found.length >= count || signal.aborted) {
      return found.toSorted((a, b) => a.sequence - b.sequence).map(({ record }) => record)
    }
    await setTimeout(5)
  }
}
