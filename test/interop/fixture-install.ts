import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { exclusively } from './exclusive-work.ts'

// A registry that answers needs two seconds for the clients; the SDKs have thousands of files.
const installTimeoutMs = 150_000

/** `clients` of the data plane (hyco-ws, hyco-https), the SDKs of `azure`'s management plane, or `drivers` of services. */
export type InteropFixture = 'clients' | 'azure' | 'drivers'

const folders = {
  clients: './fixture/',
  azure: './fixture/azure/',
  drivers: './fixture/drivers/',
} as const satisfies Record<InteropFixture, string>

/** Where a fixture's scripts are, and its packages once they are installed. */
export function interopFixtureFolder(fixture: InteropFixture): string {
  return fileURLToPath(new URL(folders[fixture], import.meta.url))
}

/**
 * Installs official npm packages, exactly as locked in test/interop/fixture, unless they are there. Several test processes
 * may call it at once: one installs, the others wait for it.
 * @returns the `require` that finds them.
 */
export async function installInteropFixture(fixture: InteropFixture = 'clients'): Promise<NodeJS.Require> {
  const folder = interopFixtureFolder(fixture)
  const isCurrent = (): boolean => readStamp(folder) === lockHash(folder)
  if (!isCurrent()) {
    await exclusively(join(folder, '.install-lock'), {
      timeoutMs: installTimeoutMs,
      work: async () => void (isCurrent() || (await install(folder))),
    })
  }
  return createRequire(join(folder, 'package.json'))
}

/** Installs beside and moves the result into place: whoever is cut short leaves nothing half done. */
async function install(folder: string): Promise<void> {
  const beside = mkdtempSync(join(folder, '.install-'))
  try {
    for (const input of ['package.json', 'package-lock.json', '.npmrc', 'empty-http']) {
      const from = join(folder, input)
      if (existsSync(from)) cpSync(from, join(beside, input), { recursive: true })
    }
    await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: beside,
      timeout: installTimeoutMs,
      shell: process.platform === 'win32',
    })
    writeFileSync(join(beside, 'node_modules', '.installed'), lockHash(folder))
    rmSync(join(folder, 'node_modules'), { recursive: true, force: true })
    renameSync(join(beside, 'node_modules'), join(folder, 'node_modules'))
  } finally {
    rmSync(beside, { recursive: true, force: true })
  }
}

function lockHash(folder: string): string {
  return createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex')
}

function readStamp(folder: string): string | undefined {
  const stamp = join(folder, 'node_modules', '.installed')
  return existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined
}
