import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const fixture = join(dirname(fileURLToPath(import.meta.url)), 'fixture')
const inputs = ['package.json', 'package-lock.json', '.npmrc', 'empty-http']

// A registry that answers needs two seconds.
const installTimeoutMs = 120_000

/**
 * Installs the official npm clients (hyco-ws, hyco-https), exactly as locked in test/interop/fixture, unless they are there.
 * Several test processes may call it at once: each installs beside and moves the result into place.
 * @returns the `require` that finds them.
 */
export async function installInteropFixture(): Promise<NodeJS.Require> {
  const modules = join(fixture, 'node_modules')
  if (!isCurrent(modules)) {
    const folder = mkdtempSync(join(fixture, '.install-'))
    try {
      for (const input of inputs) cpSync(join(fixture, input), join(folder, input), { recursive: true })
      await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
        cwd: folder,
        timeout: installTimeoutMs,
        shell: process.platform === 'win32',
      })
      writeFileSync(join(folder, 'node_modules', '.installed'), lockHash())
      moveIntoPlace(join(folder, 'node_modules'), modules)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return createRequire(join(fixture, 'package.json'))
}

function lockHash(): string {
  return createHash('sha256')
    .update(readFileSync(join(fixture, 'package-lock.json')))
    .digest('hex')
}

function isCurrent(modules: string): boolean {
  const stamp = join(modules, '.installed')
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash()
}

function moveIntoPlace(from: string, to: string): void {
  if (isCurrent(to)) return
  rmSync(to, { recursive: true, force: true })
  try {
    renameSync(from, to)
  } catch (error) {
    // Another process was faster.
    if (!isCurrent(to)) throw error
  }
}
