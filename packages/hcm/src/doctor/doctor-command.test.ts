import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type DoctorReport, hopTable } from '@postern/program'
import { connectionStringOf, putEntity, signal, startBed, startBedRelay, startTarget } from '../hcm-bed.contract.ts'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs `hcm doctor` as a process of its own. */
async function doctor(folder: string, ...args: string[]): Promise<Ended> {
  const program: ChildProcess = spawn(process.execPath, ['--conditions=@postern/source', main, 'doctor', ...args], {
    env: { ...process.env, POSTERN_HCM_DIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(program.stdout!),
    text(program.stderr!),
    once(program, 'close', { signal: signal() }),
  ])
  return { code: code as number, stdout, stderr }
}

function seen({ stdout }: Ended, hop: string): string {
  const { reports } = JSON.parse(stdout) as { readonly reports: readonly DoctorReport[] }
  return reports[0]?.hops.find((each) => each.hop === hop)?.seen ?? ''
}

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'hcm-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('the service looks by itself: its own control channel, no second listener, and a stream that its target sees', async (t) => {
  await using target = await startTarget('one')
  await using relay = await startBedRelay()
  await putEntity(relay, 'db', `127.0.0.1:${target.port}`)
  const { folder, control, until } = await startBed(t)
  await control.call('add', { connectionString: connectionStringOf(relay, 'db'), follow: false })
  await until('db', ({ Target }) => Target === 'Reachable')
  const well = await doctor(folder, 'db', '--json')
  assert.equal(well.code, 0, well.stdout + well.stderr)
  assert.match(seen(well, 'configuration'), /the service runs/)
  assert.match(seen(well, 'control-channel'), /open since/)
  assert.match(seen(well, 'rendezvous'), /the listener took a stream/)
  await target[Symbol.asyncDispose]()
  const ill = await doctor(folder)
  assert.equal(ill.code, hopTable['target-tcp'].exitCode, ill.stdout)
  assert.match(ill.stdout, /FAILED +target-tcp .*refuses the connection/)
  assert.match(ill.stdout, /Broken: target-tcp\./)
  const absent = await doctor(folder, 'gone')
  assert.equal(absent.code, 3, absent.stdout)
})

test('without a service the state is read, and the command looks', async (t) => {
  await using target = await startTarget('one')
  await using relay = await startBedRelay()
  await putEntity(relay, 'db', `127.0.0.1:${target.port}`)
  const { folder, hcm, control } = await startBed(t)
  await control.call('add', { connectionString: connectionStringOf(relay, 'db'), follow: false })
  await hcm.stop({ graceMs: 0 })
  const well = await doctor(folder, '--no-tls', '--proxy', 'off', '-o', 'json')
  assert.equal(well.code, 0, well.stdout + well.stderr)
  assert.match(seen(well, 'configuration'), /no service runs/)
  assert.match(seen(well, 'control-channel'), /answered pings/)
  assert.doesNotMatch(well.stdout, /primary-key-of-the-tests/)
})

test('where nothing was ever configured it says how to begin, and makes nothing', async (t) => {
  const folder = join(folderFor(t), 'none')
  const { code, stdout } = await doctor(folder)
  assert.equal(code, 10, stdout)
  assert.match(stdout, /there is no state in .*hcm run, then hcm add/s)
})
