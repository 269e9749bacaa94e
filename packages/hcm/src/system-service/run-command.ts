import { execFile } from 'node:child_process'
import type { CommandResult } from './carry-out.ts'
import type { ServiceCommand } from './plan-step.ts'

/** Longer than a service may take to stop. */
const timeoutMs = 90_000

/** Runs a program of the system to its end. @throws {Error} when it is not there, or takes too long. */
export function runCommand([program, ...args]: ServiceCommand): Promise<CommandResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>()
  execFile(program, args, { timeout: timeoutMs, encoding: 'utf8' }, (error, stdout, stderr) => {
    const output = stdout + stderr
    if (!error) resolve({ code: 0, output })
    else if (typeof error.code === 'number') resolve({ code: error.code, output })
    else if (error.killed) reject(new Error(`${program} ${args.join(' ')} took longer than ${timeoutMs / 1000} s`))
    else reject(new Error(`${program} cannot be run: ${error.message}`))
  })
  return promise
}
