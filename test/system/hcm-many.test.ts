// One Hybrid Connection Manager with hundreds of hybrid connections, over TLS: how soon it has them all, what they cost, and
// whether one more still counts at once.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from '@postern/client'
import { Secret } from '@postern/program'
import { ControlClient } from '../../packages/hcm/src/control/control-client.ts'
import { placeOf } from '../../packages/hcm/src/service/connection-place.ts'
import { keyOf } from '../../packages/hcm/src/service/stored-access.ts'
import type { StoredHybridConnection } from '../../packages/hcm/src/state/hcm-state.ts'
import { StateStore } from '../../packages/hcm/src/state/state-store.ts'
import { ObservedProgram } from './observed-program.ts'
import { cpuSeconds, residentBytes } from './process-facts.ts'
import { RelayProcess } from './relay-process.ts'
import { TcpTarget } from './tcp-target.ts'

const many = 300
const more = 5
const mebibyte = 1024 * 1024
/** Measured: 3 s alone on two cores. A machine that does other things takes longer. */
const startMs = 180_000
/** Measured: 200 MiB, half of it without any hybrid connection. */
const maxBytes = 320 * mebibyte

test('300 hybrid connections in one HCM: all are served soon after the start, and one more within a second', async (t) => {
  await using target = await TcpTarget.start((socket) => socket.on('data', (chunk) => socket.write(chunk)))
  const names = Array.from({ length: many + more }, (_, index) => `hc${index}`)
  const endpoint = `127.0.0.1:${target.port}`
  await using relay = await RelayProcess.start(names.map((name) => ({ name, endpoint })))
  const folder = mkdtempSync(join(tmpdir(), 'hcm-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const control = new ControlClient(join(folder, 'control.sock'))
  const run = ['hcm', 'run', '--json', '--state-dir', folder, '--tls-ca', relay.caFile]
  const add = (name: string): Promise<unknown> =>
    control.call('add', { connectionString: relay.access(name).listen, follow: false })

  const strings = names.slice(0, many).map((name) => relay.access(name).listen)
  await keep(folder, strings, endpoint)

  const startedAt = performance.now()
  await using hcm = await ObservedProgram.start(run)
  await hcm.untilLogs('hcm.started', startMs)
  const upMs = performance.now() - startedAt
  await untilConnected(control, many, startedAt + startMs)
  const allMs = performance.now() - startedAt
  const cpuAtStart = cpuSeconds(hcm.pid)

  const added: number[] = []
  for (const name of names.slice(many)) {
    const addedAt = performance.now()
    await add(name)
    await ask(relay, name)
    added.push(performance.now() - addedAt)
  }
  assert.equal((await control.call('describe', {})).Connected, many + more)

  // What it does when nobody does anything: it tries targets and asks the relay.
  await hcm.insides()
  const [cpuBefore, idleFrom] = [cpuSeconds(hcm.pid), performance.now()]
  await delay(10_000)
  const idleCpu = (cpuSeconds(hcm.pid) - cpuBefore) / ((performance.now() - idleFrom) / 1000)
  await hcm.insides()
  const memory = residentBytes(hcm.pid)
  for (const name of [names[0]!, names[many - 1]!]) await ask(relay, name)

  console.log(
    `started after ${round(upMs)} ms, all ${many} connected after ${round(allMs)} ms (${cpuAtStart.toFixed(1)} s of CPU time); ` +
      `one more served after ${added.map(round).join(', ')} ms; ` +
      `${round(memory / mebibyte)} MiB of memory; ` +
      `${(idleCpu * 100).toFixed(1)} % of a core when idle`,
  )
  assert.ok(median(added) < 1_000, `an added one was served after ${added.map(round).join(', ')} ms`)
  assert.ok(memory < maxBytes, `it takes ${round(memory / mebibyte)} MiB`)
})

async function untilConnected(control: ControlClient, count: number, until: number): Promise<void> {
  for (;;) {
    const { Connected } = await control.call('describe', {})
    if (Connected === count) return
    assert.ok(performance.now() < until, `only ${Connected} of ${count} are connected`)
    await delay(100)
  }
}

/** A state with these hybrid connections, as if they had been added: what is measured is the next start. */
async function keep(folder: string, connectionStrings: readonly string[], pinned: string): Promise<void> {
  const store = await StateStore.open(folder)
  const hybridConnections = connectionStrings.map((text): StoredHybridConnection => {
    const place = placeOf(new Secret(text))
    const connectionString = store.key.seal(new Secret(text), keyOf(place))
    return { ...place, origin: 'manual', connectionString, pinned, follow: false, addedAt: new Date().toISOString() }
  })
  await store.update((state) => ({ ...state, hybridConnections }))
}

/** A sender is led to the target. */
async function ask(relay: RelayProcess, name: string): Promise<void> {
  const signal = AbortSignal.timeout(20_000)
  const stream = await connect({ connectionString: relay.access(name).send, tls: { ca: relay.caPem }, signal })
  stream.write(name)
  for await (const chunk of stream) {
    assert.equal(String(chunk), name)
    break
  }
  stream.destroy()
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function round(value: number): string {
  return value.toFixed(0)
}
