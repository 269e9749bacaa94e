import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { ManagedProcess } from './managed-process.ts'
import { isAlive, listProcessTree, readCpuSeconds } from './process-usage.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-managed-process-'))
after(() => rmSync(folder, { recursive: true }))

let started = 0

function startShell(script: string): ManagedProcess {
  const logFile = join(folder, `${++started}.log`)
  return new ManagedProcess({ name: 'shell', command: ['sh', '-c', script], cwd: folder, logFile })
}

test('stopping a process also ends a descendant that left its session and ignores the polite signal', async () => {
  const shell = startShell(`setsid sh -c 'trap "" TERM; echo ready; while :; do sleep 1; done' & wait`)
  await shell.waitUntilReady({ output: 'ready' }, 5_000)
  const tree = listProcessTree([shell.pid])
  assert.ok(tree.length >= 2)
  await shell.stop()
  assert.deepEqual(tree.filter(isAlive), [])
})

test('CPU time of a child that has ended stays counted', async () => {
  const shell = startShell(`sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; echo counted; sleep 30`)
  await shell.waitUntilReady({ output: 'counted' }, 20_000)
  assert.ok(readCpuSeconds([shell.pid]) >= 0.05)
  await shell.stop()
})

test('a process that ends before it is ready is reported with its last words', async () => {
  const shell = startShell('echo no such thing; exit 3')
  await assert.rejects(shell.waitUntilReady({ port: 1 }, 5_000), /shell ended before it was ready:\nno such thing/)
  await shell.stop()
})
