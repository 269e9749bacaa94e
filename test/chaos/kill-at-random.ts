import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { ChaosYard, type RelayReadyLine } from './chaos-yard.ts'
import { checkClients, checkCut, checkResumed, checkTarget } from './check-connections.ts'
import { checkAbandonedDatabase } from './database-check.ts'
import type { TargetReport } from './echo-target.ts'
import { expectHoldings, restingHoldings } from './leftovers.ts'
import { createRandom, type Random } from './random.ts'
import type { Strike } from './strike.ts'
import type { SupervisedProgram } from './supervised-program.ts'
import { TunnelClients } from './tunnel-clients.ts'
import type { ClientReport } from './tunnel-load.ts'
import { WithheldTime } from './withheld-time.ts'

export interface KillAtRandomOptions {
  /** How long programs are killed. */
  readonly durationMs: number
  /** Repeats a run. */
  readonly seed: number
  /** With `auto` connections share carriers, and go on when the relay comes back. */
  readonly carriers: 'auto' | 'off'
}

/** Both ends must be back so soon after what was missing is there again, on a machine that has time for them. */
const maxRecoveryMs = 5_000

/** Recovery is looked for this long, so that a failure says how slow it was. */
const recoveryTimeoutMs = 40_000

/** Use without kills before leftovers are looked for: what clients leave behind by themselves shows too. */
const calmMs = 1_500

/** Fresh connections take the listener that is back first; what was open waits for its own, which may be 4 s later. */
const resumeMs = 6_000

/** Kills programs of a busy tunnel at random, starts them again, and checks all that must be true in spite of it. */
export async function killAtRandom({ durationMs, seed, carriers }: KillAtRandomOptions): Promise<void> {
  console.log(`POSTERN_CHAOS_SEED=${seed}, carriers ${carriers}`)
  const targetReports: TargetReport[] = []
  const onTargetMessage = (report: unknown): void => void targetReports.push(report as TargetReport)
  await using yard = await ChaosYard.start({ onTargetMessage, carriers })
  const before = await restingHoldings(yard)
  const clients = new TunnelClients({ port: yard.port, seed, keepsAll: true })
  await using load = clients.program
  await load.start()
  using withheld = new WithheldTime()
  const random = createRandom(seed)
  const strikes: Strike[] = []

  // In rounds, so that a short run strikes everybody too, and that everybody is looked at who has outlived the others.
  const deadlineMs = Date.now() + durationMs
  for (let round = 0; round === 0 || Date.now() < deadlineMs; round += 1) {
    const { relay } = yard
    const order = round === 0 ? [relay, ...shuffle(yard.programs.slice(1), random)] : shuffle(yard.programs, random)
    for (const victim of order) {
      // The very first one dies alone: who goes on behind that is looked at.
      const victims = strikes.length === 0 ? [victim] : withCompanion(victim, yard, random)
      strikes.push(await strike(yard, random, withheld, victims))
      if (carriers === 'auto' && victims.includes(relay)) await wait(resumeMs)
    }
    await wait(calmMs)
    await clients.pause()
    await expectHoldings(yard, before)
    clients.goOn()
  }
  await clients.pause()
  report(strikes, clients.reports)

  assert.deepEqual([...yard.unexpectedEnds, ...load.unexpectedEnds], [], 'a process ended that was not killed')
  checkRecoveries(strikes)
  checkClients(clients.reports, strikes)
  if (carriers === 'auto') checkResumed(clients.reports, strikes)
  else checkCut(clients.reports)
  checkTarget(targetReports, strikes)
  await checkResources(yard)
}

/** Mostly one, sometimes two that die together. */
function withCompanion(victim: SupervisedProgram, yard: ChaosYard, random: Random): readonly SupervisedProgram[] {
  const others = yard.programs.filter((program) => program !== victim)
  return random.next() < 0.25 ? [victim, random.pick(others)] : [victim]
}

function shuffle<T>(all: readonly T[], random: Random): T[] {
  return all
    .map((one) => ({ one, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ one }) => one)
}

async function strike(
  yard: ChaosYard,
  random: Random,
  withheld: WithheldTime,
  victims: readonly SupervisedProgram[],
): Promise<Strike> {
  await wait(random.between(100, 1200))
  // The database is being written to when its process dies.
  if (victims.includes(yard.relay)) void yard.declare(extraNames(random))
  await wait(random.between(0, 120))
  const killedAtMs = Date.now()
  await Promise.all(victims.map((victim) => victim.kill()))
  if (victims.includes(yard.relay)) assert.equal(await checkAbandonedDatabase(yard.dataFolder), 'ok')
  await wait(random.between(0, 1500))
  const withheldBefore = withheld.totalMs
  const sinceMs = await restart(yard, victims)
  const recovery = await yard.untilWorks(sinceMs, recoveryTimeoutMs)
  const bootMs = victims.some((victim) => isListener(victim, yard)) ? yard.forwarderBootMs : 0
  const allowanceMs = withheld.totalMs - withheldBefore + bootMs
  const names = victims.map(({ name }) => name)
  return { victims: names, killedAtMs, recoveredAtMs: sinceMs + recovery.allMs, recovery, allowanceMs }
}

/** Starts programs; from when on, in ms since 1970, all that they need to work is there. */
async function restart(yard: ChaosYard, victims: readonly SupervisedProgram[]): Promise<number> {
  const since = await Promise.all(
    victims.map(async (victim) => {
      if (!isListener(victim, yard)) {
        await victim.start()
        return victim.readyAtMs
      }
      // Its first line is about the relay: that is what is measured.
      victim.spawn()
      return victim.startedAtMs
    }),
  )
  return Math.max(...since)
}

function isListener(program: SupervisedProgram, { listeners }: ChaosYard): boolean {
  return listeners.some((listener) => listener === program)
}

function extraNames(random: Random): string[] {
  return Array.from({ length: random.between(1, 30) }, (_, index) => `extra-${index}`)
}

function checkRecoveries(strikes: readonly Strike[]): void {
  const late = strikes.filter(({ recovery, allowanceMs }) => recovery.allMs > maxRecoveryMs + allowanceMs)
  assert.deepEqual(late, [], `not back within ${maxRecoveryMs} ms and the allowance`)
}

/** The resources that were declared at last are there after a regular stop, with the keys of the first day. */
async function checkResources(yard: ChaosYard): Promise<void> {
  await yard.declare(['extra-last'])
  await yard.relay.stop()
  assert.equal(await checkAbandonedDatabase(yard.dataFolder), 'ok')
  const { hybridConnections } = JSON.parse(await yard.relay.start()) as RelayReadyLine
  const [first] = yard.ready.hybridConnections
  assert.deepEqual(
    hybridConnections.map(({ name }) => name),
    ['db', 'extra-last'],
  )
  assert.deepEqual(hybridConnections[0], first)
}

function report(strikes: readonly Strike[], clients: readonly ClientReport[]): void {
  const kills = strikes.reduce((sum, { victims }) => sum + victims.length, 0)
  console.log(`${kills} kills, ${strikes.length} recoveries; ms until fresh connections worked:`)
  for (const name of [...new Set(strikes.map(({ victims }) => victims.join(' + ')))].toSorted()) {
    const of = strikes.filter(({ victims }) => victims.join(' + ') === name)
    console.log(`  ${name}: ${spread(of.map(({ recovery }) => recovery.allMs))}`)
  }
  console.log(`  all: ${spread(strikes.map(({ recovery }) => recovery.allMs))}`)
  console.log(`  the first one: ${spread(strikes.map(({ recovery }) => recovery.firstMs))}`)
  console.log(`  allowance beyond ${maxRecoveryMs} ms: ${spread(strikes.map(({ allowanceMs }) => allowanceMs))}`)
  const count = (outcome: ClientReport['outcome']): number => clients.filter((one) => one.outcome === outcome).length
  const mib = clients.reduce((sum, { received }) => sum + received, 0) / 1_048_576
  const outcomes = (['ended', 'broken', 'cancelled', 'stuck'] as const).map((name) => `${count(name)} ${name}`)
  console.log(`${clients.length} connections, ${mib.toFixed(0)} MiB: ${outcomes.join(', ')}`)
}

function spread(values: readonly number[]): string {
  const sorted = values.map(Math.round).toSorted((a, b) => a - b)
  return `median ${sorted[Math.floor(sorted.length / 2)]}, max ${sorted.at(-1)} (${sorted.length})`
}
