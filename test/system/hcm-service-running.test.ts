// The HCM as a service of a systemd that runs: from its installation to its end, with what the unit lets it do.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from '@postern/client'
import { BootedSystem } from './booted-system.ts'
import { RelayProcess } from './relay-process.ts'
import { missingPrograms, type ProgramResult } from './run-program.ts'
import { TcpTarget } from './tcp-target.ts'

const skip = missingPrograms({ systemctl: 'systemd', nsenter: 'util-linux', unshare: 'util-linux' })

test('a service is installed, serves without a right, comes back when it is killed, and is taken out', {
  skip,
}, async () => {
  await using target = await TcpTarget.start((socket) => socket.on('data', (chunk) => socket.write(chunk)))
  await using relay = await RelayProcess.start([{ name: 'db', endpoint: `127.0.0.1:${target.port}` }])
  await using system = await BootedSystem.start()
  system.write('/etc/postern-hcm/relay-ca.pem', relay.caPem)
  system.write('/etc/postern-hcm/environment', 'POSTERN_HCM_TLS_CA=/etc/postern-hcm/relay-ca.pem\n')

  succeeded(await system.hcm(['service', 'install']))
  succeeded(await system.hcm(['add', '-'], { input: relay.access('db').listen }))
  assert.equal(await ask(relay, 'one'), 'one')
  const before = await stateOf(system)
  assert.deepEqual([before.State, before.Enabled, before.Answers, before.Restarts], ['active', true, true, 0])
  const facts = readFileSync(system.pathOf(`/proc/${before.Pid}/status`), 'utf8')
  assert.match(facts, /^Uid:\t[1-9]\d*\t/m)
  for (const set of ['CapPrm', 'CapEff', 'CapBnd']) assert.match(facts, new RegExp(`^${set}:\t0+$`, 'm'))

  succeeded(await system.run(['kill', '-9', String(before.Pid)]))
  const killedAt = performance.now()
  assert.equal(await ask(relay, 'two'), 'two')
  console.log(`served again ${Math.round(performance.now() - killedAt)} ms after kill -9`)
  const after = await stateOf(system)
  assert.deepEqual([after.State, after.Restarts], ['active', 1])
  assert.notEqual(after.Pid, before.Pid)

  succeeded(await system.hcm(['service', 'stop']))
  assert.equal((await system.hcm(['service', 'status'])).code, 1)
  succeeded(await system.hcm(['service', 'start']))
  assert.equal(await ask(relay, 'three'), 'three')
  succeeded(await system.hcm(['service', 'uninstall']))
  assert.equal((await system.hcm(['service', 'status'])).code, 3)
  assert.equal(existsSync(system.pathOf('/var/lib/private/postern-hcm/hcm.json')), true)
})

function succeeded({ code, stdout, stderr }: ProgramResult): void {
  assert.equal(code, 0, `${stderr}${stdout.toString()}`)
}

interface ServiceFacts {
  readonly State: string
  readonly Enabled: boolean
  readonly Answers: boolean
  readonly Restarts: number
  readonly Pid: number
}

async function stateOf(system: BootedSystem): Promise<ServiceFacts> {
  const result = await system.hcm(['service', 'status', '-o', 'json'])
  succeeded(result)
  return JSON.parse(result.stdout.toString()) as ServiceFacts
}

/** Asks the target through the relay, until somebody serves. */
async function ask(relay: RelayProcess, question: string): Promise<string> {
  const signal = AbortSignal.timeout(60_000)
  for (;;) {
    try {
      const connectionString = relay.access('db').send
      const stream = await connect({ connectionString, tls: { ca: relay.caPem }, signal })
      stream.write(question)
      for await (const chunk of stream) {
        stream.destroy()
        return String(chunk)
      }
    } catch (error) {
      if (signal.aborted) throw error
    }
    await delay(100, undefined, { signal })
  }
}
