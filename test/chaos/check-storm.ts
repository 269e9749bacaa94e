import assert from 'node:assert/strict'
import type { StormWrite } from './write-journal.ts'

/** What stands under a key. */
export interface Standing {
  readonly mark: string
  readonly revision: string
}

export type Standings = ReadonlyMap<string, Standing>

/** Names that begin with this are written by many at once; every other one by one writer, one write after the other. */
export const sharedName = 'shared'

/**
 * Checks what a storm of writes has left behind: every acknowledged write is there, every other one is there whole or not at
 * all, deleted namespaces took everything along or nothing, revisions only grew.
 */
export function checkStorm(before: Standings, writes: readonly StormWrite[], after: Standings): void {
  const keys = [...new Set([...before.keys(), ...after.keys(), ...writes.map(({ key }) => key)])]
  const histories = new Map(keys.map((key) => [key, tellHistory(key, before.get(key), writes)]))
  for (const [key, history] of histories) {
    const check = isShared(key) ? checkShared : checkOwn
    check(key, history, after.get(key))
  }
  checkWinners(writes)
  checkDeletions(histories, after)
}

/** What is known about one key when the process has ended. */
interface History {
  readonly acknowledged: Standing | undefined
  /** Those that affect the key and were neither done nor refused. */
  readonly pending: readonly StormWrite[]
}

function tellHistory(key: string, before: Standing | undefined, writes: readonly StormWrite[]): History {
  let acknowledged = before
  const pending: StormWrite[] = []
  for (const write of writes) {
    if (write.key !== key && !takesAlong(write, key)) continue
    if (write.outcome === 'pending') pending.push(write)
    if (write.outcome !== 'done') continue
    if (write.kind === 'delete') {
      acknowledged = undefined
    } else if (isNewer(write.revision, acknowledged?.revision)) {
      acknowledged = { mark: write.mark, revision: write.revision ?? '' }
    } else {
      assert.ok(isShared(key), `${key} went from ${acknowledged?.revision} to ${write.revision}`)
    }
  }
  return { acknowledged, pending }
}

function isShared(key: string): boolean {
  return key.includes(`/${sharedName}/`)
}

function takesAlong({ kind, key }: StormWrite, child: string): boolean {
  return kind === 'delete' && key.startsWith('ns/') && child.startsWith(`hc/${key.slice('ns/'.length)}/`)
}

function checkOwn(key: string, { acknowledged, pending }: History, after: Standing | undefined): void {
  const [next, ...more] = pending
  assert.deepEqual(more, [], `${key} has two writers`)
  if (isSame(after, acknowledged)) return
  const outcome = `${key} was acknowledged as ${show(acknowledged)}, stands as ${show(after)}`
  assert.ok(next, outcome)
  if (next.kind === 'delete') assert.equal(after, undefined, outcome)
  else assert.ok(after?.mark === next.mark && isNewer(after.revision, acknowledged?.revision), outcome)
}

/** Nobody deletes these, so that revisions alone tell the order. */
function checkShared(key: string, { acknowledged, pending }: History, after: Standing | undefined): void {
  if (isSame(after, acknowledged)) return
  const outcome = `${key} was acknowledged as ${show(acknowledged)}, stands as ${show(after)}`
  assert.ok(after && isNewer(after.revision, acknowledged?.revision), outcome)
  assert.ok(
    pending.some(({ mark }) => mark === after.mark),
    outcome,
  )
}

/** Of all writes that demanded the same revision one was done. */
function checkWinners(writes: readonly StormWrite[]): void {
  const winners = new Map<string, string>()
  for (const { key, base, mark, outcome, revision } of writes) {
    if (base === undefined || outcome !== 'done' || revision === undefined) continue
    assert.ok(isNewer(revision, base), `${key} went from ${base} to ${revision}`)
    const place = `${key} ${base}`
    assert.equal(winners.get(place), undefined, `${winners.get(place)} and ${mark} both followed on ${place}`)
    winners.set(place, mark)
  }
}

/** A namespace whose deletion was under way is there with everything under it, or all of it is gone. */
function checkDeletions(histories: ReadonlyMap<string, History>, after: Standings): void {
  for (const [key, { pending }] of histories) {
    if (!key.startsWith('ns/') || pending[0]?.kind !== 'delete') continue
    const family = [...histories].filter(
      ([other, { acknowledged }]) =>
        acknowledged !== undefined && (other === key || other.startsWith(`hc/${key.slice('ns/'.length)}/`)),
    )
    const left = family.filter(([other]) => after.has(other)).map(([other]) => other)
    assert.ok(left.length === 0 || left.length === family.length, `of ${key} only this is left: ${left.join(', ')}`)
  }
}

function isNewer(revision: string | undefined, than: string | undefined): boolean {
  return Number(revision) > Number(than ?? 0)
}

function isSame(a: Standing | undefined, b: Standing | undefined): boolean {
  return a?.mark === b?.mark && a?.revision === b?.revision
}

function show(standing: Standing | undefined): string {
  return standing ? `${standing.mark} at ${standing.revision}` : 'nothing'
}
