import assert from 'node:assert/strict'
import type { TargetReport } from './echo-target.ts'
import { overlaps, type Strike } from './strike.ts'
import type { ClientReport } from './tunnel-load.ts'

/** No byte is wrong, no cut looks like an end, and nothing ends without a reason. */
export function checkClients(reports: readonly ClientReport[], strikes: readonly Strike[]): void {
  const list = (isBad: (report: ClientReport) => boolean): ClientReport[] => reports.filter(isBad)
  const isCut = ({ outcome }: ClientReport): boolean => outcome === 'broken'
  const isShortEnd = ({ outcome, isWhole }: ClientReport): boolean => outcome === 'ended' && !isWhole
  assert.deepEqual(
    list(({ isPrefix }) => !isPrefix),
    [],
    'bytes that were not sent, or not in this order',
  )
  // The system ends the sockets of a dead process regularly: the client's own neighbour cannot be told from an end.
  const endsByItself = (report: ClientReport): boolean => overlaps(report, strikes, ['sender', 'target'])
  assert.deepEqual(
    list((one) => isShortEnd(one) && !endsByItself(one)),
    [],
    'a cut that looked like an end',
  )
  assert.deepEqual(
    list((one) => isCut(one) && !overlaps(one, strikes)),
    [],
    'cut although nobody had been killed',
  )
  assert.ok(list(({ isWhole }) => isWhole).length > strikes.length, 'too few connections came to their end')
}

/** Where every connection has its own relayed connection, kills cut some; and none is without life and without end. */
export function checkCut(reports: readonly ClientReport[]): void {
  const cut = reports.filter(({ outcome, received }) => outcome === 'broken' && received > 0)
  assert.ok(cut.length > 0, 'no kill has struck a connection')
  checkNoneStuck(reports)
}

/** What a listener's death leaves behind looks like an end to its target; every other cut must look like one. */
export function checkTarget(reports: readonly TargetReport[], strikes: readonly Strike[]): void {
  assert.deepEqual(
    reports.filter(({ problem }) => problem === 'wrong'),
    [],
    'the target got what nobody had sent',
  )
  const unexplained = reports.filter((report) => !overlaps(report, strikes, [`listener ${report.door}`]))
  assert.deepEqual(unexplained, [], 'the target took a cut for an end')
}

/** A relay that dies alone cuts nothing that had reached the target: it stalls, and goes on. */
export function checkResumed(reports: readonly ClientReport[], strikes: readonly Strike[]): void {
  const isRelayAlone = ({ victims }: Strike): boolean => victims.join() === 'relay'
  const others = strikes.filter((strike) => !isRelayAlone(strike))
  const alone = strikes.filter(isRelayAlone)
  const met = reports.flatMap(({ reachedAtMs, ...report }) =>
    reachedAtMs === undefined ? [] : [{ ...report, openedAtMs: reachedAtMs }],
  )
  const onlyRelay = met.filter((one) => overlaps(one, alone) && !overlaps(one, others))
  const isCut = ({ outcome }: { readonly outcome: string }): boolean => outcome === 'broken' || outcome === 'stuck'
  assert.deepEqual(onlyRelay.filter(isCut), [], 'cut although only the relay had been killed')
  const survived = alone.map(
    ({ killedAtMs, recoveredAtMs }) =>
      met.filter(
        ({ openedAtMs, endedAtMs, isWhole }) => isWhole && openedAtMs < killedAtMs && endedAtMs > recoveredAtMs,
      ).length,
  )
  assert.ok(Math.max(...survived) > 0, 'no connection was there when the relay died')
  console.log(`connections that went on behind each death of the relay alone: ${survived.join(', ')}`)
  // The process that comes after a listener knows nothing of its streams, which wait for it longer than our clients do.
  const isExplained = (one: ClientReport): boolean => overlaps(one, strikes, ['listener A', 'listener B'])
  checkNoneStuck(
    reports.filter((one) => !isExplained(one)),
    'although no listener had been killed',
  )
}

function checkNoneStuck(reports: readonly ClientReport[], why = ''): void {
  const stuck = reports.filter(({ outcome }) => outcome === 'stuck')
  assert.deepEqual(stuck, [], `connections without life and without end ${why}`)
}
