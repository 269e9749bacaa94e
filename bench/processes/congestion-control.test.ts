import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'

const setting = 'net.ipv4.tcp_congestion_control'
// A network of its own: the machine's is not touched.
const skip = spawnSync('unshare', ['-n', 'sysctl', '-n', setting]).status !== 0 && 'NOT TESTED: needs root and sysctl'
const timeoutMs = 20_000

/** Runs source beside this module in a network of its own whose congestion control is reno's, and prints there what it has afterwards. */
async function runInNetwork(t: TestContext, source: string): Promise<readonly string[]> {
  const program = `
    const { runBench } = await import(${JSON.stringify(join(import.meta.dirname, 'run-bench.ts'))})
    const { readCongestionControl, useCongestionControl } = await import(${JSON.stringify(join(import.meta.dirname, 'congestion-control.ts'))})
    await runBench(async () => { ${source} })`
  const node = `"$0" --conditions=@postern/source --input-type=module -e "$1" 2>&1`
  const script = `sysctl -q -w ${setting}=reno; ${node}; echo after: $(sysctl -n ${setting})`
  const args = ['-n', 'sh', '-c', script, process.execPath, program]
  const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: timeoutMs })
  t.after(() => child.kill('SIGKILL'))
  const output = text(child.stdout)
  await once(child, 'close')
  return (await output).trim().split('\n')
}

test('a run has the congestion control that it asks for, and the machine has its own back afterwards', {
  skip,
}, async (t) => {
  const lines = await runInNetwork(t, `useCongestionControl('cubic'); console.log(readCongestionControl())`)
  assert.deepEqual(lines, ['cubic', 'after: reno'])
})

test('it is given back too when the run is interrupted', { skip }, async (t) => {
  const lines = await runInNetwork(
    t,
    `useCongestionControl('cubic')
    process.kill(process.pid, 'SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 10_000))
    console.log('not interrupted')`,
  )
  assert.deepEqual(lines, ['after: reno'])
})

test('one that the kernel does not have is refused with those that it has', { skip }, async (t) => {
  const lines = await runInNetwork(t, `useCongestionControl('nonesuch')`)
  assert.match(lines[0] ?? '', /^bench: This kernel has no congestion control 'nonesuch' \(it has: .*reno.*\)\.$/)
  assert.equal(lines.at(-1), 'after: reno')
})
