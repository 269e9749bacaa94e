import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { findPostgresPrograms, PostgresServer } from '../../system/postgres-server.ts'
import { TcpTarget } from '../../system/tcp-target.ts'
import { WithheldTime } from '../withheld-time.ts'
import { IdlePsql } from './idle-psql.ts'
import { type TransferReport, transfer } from './paced-transfer.ts'
import { playPingPong } from './ping-pong.ts'
import { RelayedSite } from './relayed-site.ts'
import { Stalls } from './stalls.ts'

export interface KilledRelayPlan {
  readonly kills: number
  /** From one kill to the next. */
  readonly everyMs: number
  /** Of the transfer, in each direction. */
  readonly bytes: number
}

/** Streams move again so soon after the relay is back, on a machine that has time for all. */
const maxStallMs = 5_000

/** A time in which there was no relay; ms since 1970. */
interface Outage {
  readonly killedAtMs: number
  readonly backAtMs: number
  /** Carriers that were dialed in the relay's life before. */
  readonly carriers: number
  /** What the machine withheld until the streams should have moved again. */
  withheldMs: number
}

/** What moves, by name. */
interface Watched {
  readonly up: Stalls
  readonly down: Stalls
  readonly pingPong: Stalls
}

/**
 * Kills the relay again and again while one stream moves bytes both ways, another asks and answers, and a database session
 * waits: nothing is cut, no byte is lost, and everything moves again soon after the relay is back.
 */
export async function surviveKilledRelay(plan: KilledRelayPlan): Promise<void> {
  const durationMs = plan.kills * plan.everyMs
  const watched: Watched = { up: new Stalls(), down: new Stalls(), pingPong: new Stalls() }
  const farEnd = Promise.withResolvers<TransferReport>()
  await using postgres = await PostgresServer.start(findPostgresPrograms() ?? '')
  await using bulkTarget = await TcpTarget.start((socket) => {
    const { bytes } = plan
    const begin = (): void =>
      void transfer(socket, { seed: 1, bytes, durationMs, stalls: watched.up }).then(farEnd.resolve, farEnd.reject)
    // The HCM tries its targets too, and says nothing.
    socket.once('readable', () => socket.readableLength > 0 && begin())
  })
  await using echo = await TcpTarget.start((socket) => socket.pipe(socket))
  await using site = await RelayedSite.start({ bulk: bulkTarget.port, echo: echo.port, db: postgres.port })
  const db = site.addressOf('db')
  await using psql = new IdlePsql({ ...postgres.environment(db.port), PGHOST: db.host })
  const session = await psql.ask('pg_backend_pid()')

  const over = new AbortController()
  const pingPong = playPingPong(await open(site, 'echo'), { stalls: watched.pingPong, signal: over.signal })
  const bulk = transfer(await open(site, 'bulk'), { seed: 2, bytes: plan.bytes, durationMs, stalls: watched.down })
  const startedAtMs = Date.now()
  const outages = await Promise.race([killAgainAndAgain(site, plan, watched), untilCut(pingPong, bulk, farEnd.promise)])
  const [near, far] = await Promise.all([bulk, farEnd.promise])
  const seconds = (Date.now() - startedAtMs) / 1000
  over.abort()
  const answers = await pingPong
  report({ plan, outages, watched, seconds, answers, site })

  assert.deepEqual([near.receivedBytes, far.receivedBytes], [plan.bytes, plan.bytes])
  assert.equal(near.receivedHash, far.sentHash)
  assert.equal(far.receivedHash, near.sentHash)
  assert.equal(await psql.ask('pg_backend_pid()'), session)
  await psql.quit()
  assert.deepEqual(site.unexpectedEnds, [])
  for (const [name, stalls] of Object.entries(watched)) {
    const late = outages.filter(({ backAtMs, withheldMs }) => stalls.after(backAtMs) > maxStallMs + withheldMs)
    assert.deepEqual(late, [], `${name} did not move within ${maxStallMs} ms after the relay was back`)
  }
}

async function open(site: RelayedSite, name: string): Promise<Socket> {
  const socket = connect({ ...site.addressOf(name), allowHalfOpen: true, noDelay: true })
  await once(socket, 'connect', { signal: AbortSignal.timeout(20_000) })
  return socket
}

/** Rejects as soon as one of them does: the rest would only take its time. */
async function untilCut(...streams: readonly Promise<unknown>[]): Promise<never> {
  await Promise.all(streams)
  return new Promise(() => {})
}

async function killAgainAndAgain(
  site: RelayedSite,
  { kills, everyMs }: KilledRelayPlan,
  watched: Watched,
): Promise<Outage[]> {
  const { relay } = site
  using withheld = new WithheldTime()
  const outages: Outage[] = []
  for (let kill = 0; kill < kills; kill += 1) {
    const before = withheld.totalMs
    const nextAtMs = Date.now() + everyMs
    // The streams have moved before the first kill, and move after the last one.
    if (kill === 0) await wait(everyMs / 4)
    const carriers = await site.carriersDialed()
    const killedAtMs = Date.now()
    await relay.kill()
    await relay.start()
    const outage: Outage = { killedAtMs, backAtMs: relay.readyAtMs, carriers, withheldMs: 0 }
    outages.push(outage)
    await Promise.all(Object.values(watched).map((stalls) => stalls.untilMoved(relay.readyAtMs)))
    outage.withheldMs = withheld.totalMs - before
    await wait(Math.max(0, nextAtMs - Date.now()))
  }
  return outages
}

function report(run: {
  readonly plan: KilledRelayPlan
  readonly outages: readonly Outage[]
  readonly watched: Watched
  readonly seconds: number
  readonly answers: number
  readonly site: RelayedSite
}): void {
  const { plan, outages, watched, seconds, answers, site } = run
  const mib = plan.bytes / 1_048_576
  const ms = (values: readonly number[]): string => values.map(Math.round).join(' ')
  console.log(`${outages.length} kills; ${mib} MiB each way in ${seconds.toFixed(1)} s; ${answers} answers`)
  console.log(`  ms without a relay: ${ms(outages.map(({ killedAtMs, backAtMs }) => backAtMs - killedAtMs))}`)
  console.log(`  ms that the machine withheld: ${ms(outages.map(({ withheldMs }) => withheldMs))}`)
  console.log(`  carriers dialed in each life of the relay: ${ms(outages.map(({ carriers }) => carriers))}`)
  for (const [name, stalls] of Object.entries(watched) as [string, Stalls][]) {
    const after = ms(outages.map(({ backAtMs }) => stalls.after(backAtMs)))
    console.log(`  ${name}: longest stall ${stalls.longestMs} ms; ms from the relay's return: ${after}`)
  }
  console.log(`  peak MiB: ${JSON.stringify(site.peakMib)}`)
}
