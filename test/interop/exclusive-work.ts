import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

const pollMs = 200

/**
 * Does something that only one process may do at a time, told apart by a lock file; others wait their turn. The lock of a
 * process that has died is taken over.
 * @throws {Error} when the turn has not come after `timeoutMs`
 */
export async function exclusively<T>(
  lockFile: string,
  { timeoutMs, work }: { readonly timeoutMs: number; readonly work: () => Promise<T> },
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  while (!tryLock(lockFile)) {
    if (!isRunning(holderOf(lockFile))) rmSync(lockFile, { force: true })
    else if (performance.now() > deadline) throw new Error(`${lockFile} was held for ${timeoutMs / 1_000} s`)
    else await wait(pollMs)
  }
  try {
    return await work()
  } finally {
    rmSync(lockFile, { force: true })
  }
}

function tryLock(lockFile: string): boolean {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Undefined while the holder has not yet written its number, or has just let go. */
function holderOf(lockFile: string): number | undefined {
  try {
    return Number(readFileSync(lockFile, 'utf8')) || undefined
  } catch {
    return undefined
  }
}

function isRunning(pid: number | undefined): boolean {
  if (pid === undefined) return true
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
