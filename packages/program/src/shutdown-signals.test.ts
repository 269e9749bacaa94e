import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { test } from 'node:test'
import { onShutdownSignal } from './shutdown-signals.ts'

class FakeProcess extends EventEmitter {
  readonly exits: number[] = []
  timeMs = 1_000
  now(): number {
    return this.timeMs
  }
  exit(code: number): void {
    this.exits.push(code)
  }
}

test('the first signal calls back and the second ends the process', () => {
  const source = new FakeProcess()
  const signals: string[] = []
  onShutdownSignal((signal) => signals.push(signal), source)
  source.emit('SIGTERM')
  assert.deepEqual(signals, ['SIGTERM'])
  assert.deepEqual(source.exits, [])
  source.timeMs += 500
  source.emit('SIGINT')
  source.emit('SIGTERM')
  assert.deepEqual(signals, ['SIGTERM'])
  assert.deepEqual(source.exits, [130, 143])
})

test('one Ctrl-C that arrives by several ways is one request', () => {
  const source = new FakeProcess()
  const signals: string[] = []
  onShutdownSignal((signal) => signals.push(signal), source)
  source.emit('SIGINT')
  source.timeMs += 499
  source.emit('SIGINT')
  source.emit('SIGTERM')
  assert.deepEqual(signals, ['SIGINT'])
  assert.deepEqual(source.exits, [])
})

test('after disposal nothing is listened for', () => {
  const source = new FakeProcess()
  const dispose = onShutdownSignal(() => assert.fail('called'), source)
  dispose()
  source.emit('SIGINT')
  assert.equal(source.listenerCount('SIGINT') + source.listenerCount('SIGTERM'), 0)
})

test('a process that hangs while stopping is ended by a second Ctrl-C with 130', {
  skip: process.platform === 'win32',
}, async (t) => {
  const script = `
    import { onShutdownSignal } from ${JSON.stringify(new URL('./shutdown-signals.ts', import.meta.url).href)}
    onShutdownSignal(() => setTimeout(() => process.stdout.write('stopping'), 600))
    setInterval(() => {}, 1000)
    process.stdout.write('ready')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const signal = AbortSignal.timeout(20_000)
  assert.equal(String((await once(child.stdout, 'data', { signal }))[0]), 'ready')
  child.kill('SIGINT')
  assert.equal(String((await once(child.stdout, 'data', { signal }))[0]), 'stopping')
  child.kill('SIGINT')
  assert.deepEqual(await once(child, 'exit', { signal }), [130, null])
})
