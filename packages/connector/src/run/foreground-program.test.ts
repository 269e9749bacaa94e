import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runInForeground } from './foreground-program.ts'

const node = (script: string): [string, ...string[]] => [process.execPath, '-e', script]

test('the exit code of the program is given', async () => {
  assert.equal(await runInForeground(node('process.exit(7)')), 7)
  assert.equal(await runInForeground(node('')), 0)
})

test('a program that a signal ended gives 128 and its number, as a shell says it', async () => {
  assert.equal(await runInForeground(node('process.kill(process.pid, "SIGKILL")')), 137)
  assert.equal(await runInForeground(node('process.kill(process.pid, "SIGTERM")')), 143)
})

test('a program that does not exist is an error', async () => {
  await assert.rejects(runInForeground(['/no/such/program']), { code: 'ENOENT' })
})

const inner = fileURLToPath(new URL('./foreground-program.ts', import.meta.url))

/** Runs a program in a process of its own, which gets these signals: the first when the program is up, then one for each line. */
async function signalled(options: {
  readonly send: readonly (readonly NodeJS.Signals[])[]
  readonly isInForeground: boolean
}): Promise<{ said: string[]; code: unknown }> {
  const heard = `for (const s of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'])
    process.on(s, () => { console.log(s); if (s === 'SIGTERM') process.exit(5) }); console.log('up'); setInterval(() => {}, 1000)`
  const outer = `import { runInForeground } from ${JSON.stringify(inner)}
    const isInForeground = () => ${options.isInForeground}
    process.exitCode = await runInForeground([process.execPath, '-e', ${JSON.stringify(heard)}], { isInForeground })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', outer], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  const rest = options.send.values()
  child.stdout.on('data', () => {
    for (const signal of rest.next().value ?? []) child.kill(signal)
  })
  const said = await text(child.stdout)
  const [code] = await closed
  return { said: said.trim().split('\n'), code }
}

test('signals are passed on, each once, and the end is left to the program', async () => {
  const { said, code } = await signalled({
    send: [['SIGHUP'], ['SIGINT'], ['SIGUSR2'], ['SIGTERM']],
    isInForeground: false,
  })
  assert.deepEqual(said, ['up', 'SIGHUP', 'SIGINT', 'SIGUSR2', 'SIGTERM'])
  assert.equal(code, 5)
})

test('a signal that comes at the very moment when the program begins reaches it', async () => {
  const script = 'trap "exit 7" HUP; kill -HUP $PPID; sleep 10'
  const outer = `import { runInForeground } from ${JSON.stringify(inner)}
    process.exitCode = await runInForeground(['sh', '-c', ${JSON.stringify(script)}], { isInForeground: () => false })`
  const ends = Array.from({ length: 12 }, async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', outer], { stdio: 'inherit' })
    const [code, signal] = await once(child, 'close')
    return code ?? signal
  })
  assert.deepEqual(new Set(await Promise.all(ends)), new Set([7]))
})

test('in the foreground of a terminal its keys come to the program from the terminal alone', async () => {
  const { said, code } = await signalled({ send: [['SIGINT', 'SIGHUP', 'SIGTERM']], isInForeground: true })
  assert.deepEqual([said, code], [['up', 'SIGTERM'], 5])
})
