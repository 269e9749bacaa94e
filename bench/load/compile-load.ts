import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const compileTimeoutMs = 60_000

/** The load programs: both ends of a tunnel, and one publisher with its subscribers. */
export type LoadProgram = 'tcpload' | 'fanout'

/**
 * Compiles a load program when it is missing or older than its source, and answers its path.
 *
 * @throws {Error} that says how to get a C compiler when there is none.
 */
export async function compileLoad(benchFolder: string, program: LoadProgram): Promise<string> {
  const source = join(benchFolder, 'load', `${program}.c`)
  const binary = join(benchFolder, '.build', program)
  if (existsSync(binary) && statSync(binary).mtimeMs >= statSync(source).mtimeMs) return binary
  mkdirSync(dirname(binary), { recursive: true })
  const compiler = process.env['CC'] ?? 'cc'
  const unfinished = `${binary}.${process.pid}`
  const args = ['-std=gnu17', '-O2', '-Wall', '-Wextra', '-o', unfinished, source]
  try {
    await promisify(execFile)(compiler, args, { timeout: compileTimeoutMs })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Error(
        `The benchmark's load is a small C program and there is no C compiler '${compiler}'. ` +
          'Install one (Debian: apt-get install gcc libc6-dev) or name it in CC.',
        { cause: error },
      )
    }
    throw error
  }
  renameSync(unfinished, binary)
  return binary
}
