import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { exclusively } from '../interop/exclusive-work.ts'

const run = promisify(execFile)

// 150 packages with tens of thousands of files.
const installTimeoutMs = 500_000
const venvTimeoutMs = 100_000

/** A virtual environment with the clients that a file of test/clients/requirements names. */
export interface PythonEnvironment {
  readonly python: string
  readonly az: string
}

/** `azure-cli-2.91.0` has the Python SDK of Microsoft.Relay too; `azure-cli-2.51.0` is for what newer ones cannot do. */
export type PythonClients = 'azure-cli-2.91.0' | 'azure-cli-2.51.0' | 'websockets-15.0.1'

/**
 * Makes a virtual environment, or finds the one that an earlier run has made. Several test processes may call it at once.
 * @returns why there can be none here, when Python or a package is not to be had
 */
export async function openPythonEnvironment(
  clients: PythonClients = 'azure-cli-2.91.0',
): Promise<PythonEnvironment | string> {
  if (process.platform === 'win32') return 'the scripts of the tests are for Linux and macOS'
  let version: string
  try {
    version = (await run('python3', ['--version'])).stdout.trim()
  } catch {
    return 'it needs python3'
  }
  const cache = openCache()
  const requirements = fileURLToPath(new URL(`./requirements/${clients}.txt`, import.meta.url))
  const hash = createHash('sha256').update(readFileSync(requirements)).update(version).digest('hex')
  const folder = join(cache, `${clients}-${hash.slice(0, 16)}`)
  const stamp = join(folder, 'installed')
  const environment = { python: join(folder, 'bin', 'python'), az: join(folder, 'bin', 'az') }
  return await exclusively(`${folder}.lock`, {
    timeoutMs: installTimeoutMs + venvTimeoutMs,
    work: async () => {
      if (existsSync(stamp)) return environment
      const problem = await install(folder, environment, requirements)
      if (problem !== undefined) return problem
      writeFileSync(stamp, version)
      return environment
    },
  })
}

/** A folder that outlives `npm ci`, of this user alone: what others could write there would be run. */
function openCache(): string {
  const { uid } = userInfo()
  const cache = join(tmpdir(), `postern-clients-${uid}`)
  mkdirSync(cache, { recursive: true, mode: 0o700 })
  const facts = lstatSync(cache)
  if (facts.isDirectory() && facts.uid === uid && (facts.mode & 0o022) === 0) return cache
  throw new Error(`${cache} belongs to somebody else`)
}

async function install(
  folder: string,
  { python }: PythonEnvironment,
  requirements: string,
): Promise<string | undefined> {
  // The file has everything that is wanted: what else a package asks for is none of the tests' business.
  const quiet = ['--quiet', '--no-input', '--disable-pip-version-check']
  const pip = ['-m', 'pip', 'install', ...quiet, '--no-deps', '--no-compile', '-r', requirements]
  try {
    await run('python3', ['-m', 'venv', '--clear', folder], { timeout: venvTimeoutMs })
  } catch (error) {
    return `python3 makes no virtual environment (apt install python3-venv): ${lastLine(error)}`
  }
  try {
    await run(python, pip, { timeout: installTimeoutMs })
    return undefined
  } catch (error) {
    return `pip does not install the clients: ${lastLine(error)}`
  }
}

function lastLine(error: unknown): string {
  const { stdout = '', stderr = '', message = '' } = error as { stdout?: string; stderr?: string; message?: string }
  return `${message}\n${stdout}\n${stderr}`.trim().split('\n').at(-1) ?? ''
}
