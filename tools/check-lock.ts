// Checks that package-lock.json names every optional dependency, those for other platforms too; --write adds what is missing.
// Why: a registry mirror may not have the binaries for platforms that nobody there uses. npm then leaves them out of the lock
// silently, and `npm ci` refuses such a lock, on that machine and on all others.
// usage: node tools/check-lock.ts [--write]
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface LockEntry {
  readonly version?: string
  readonly dev?: true
  readonly optional?: true
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

type LockPackages = Record<string, LockEntry>

const file = join(dirname(dirname(fileURLToPath(import.meta.url))), 'package-lock.json')
const lock: { packages: LockPackages } = JSON.parse(readFileSync(file, 'utf8'))
const missing = findMissing(lock.packages)

for (const [path, { version }] of missing)
  console.log(`${path.replace('node_modules/', '')} ${version} is not in the lock`)
if (missing.length > 0 && process.argv.includes('--write')) {
  const { '': root = {}, ...others } = lock.packages
  const entries = [...Object.entries(others), ...missing].toSorted(([a], [b]) => a.localeCompare(b, 'en'))
  lock.packages = { '': root, ...Object.fromEntries(entries) }
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`${missing.length} added`)
} else if (missing.length > 0) {
  console.log('add them: node tools/launch.mjs tools/check-lock.ts --write')
  process.exitCode = 1
} else {
  console.log(`${Object.keys(lock.packages).length} packages, none missing`)
}

function findMissing(packages: LockPackages): [path: string, LockEntry][] {
  return Object.entries(packages).flatMap(([path, { dev, optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !places(path, name).some((place) => place in packages))
      .map(([name, version]): [string, LockEntry] => [
        `node_modules/${name}`,
        { version, ...platformOf(name), ...(dev ? { dev } : {}), optional: true },
      ]),
  )
}

/** Where Node looks for a package that is wanted at a path, the nearest first. */
function places(path: string, name: string): string[] {
  const parents = path
    .split('/node_modules/')
    .map((_, index, parts) => parts.slice(0, index + 1).join('/node_modules/'))
  return [...parents.toReversed().map((parent) => `${parent}/node_modules/${name}`), `node_modules/${name}`]
}

/** What binary packages call their platform, in npm's words. */
function platformOf(name: string): Pick<LockEntry, 'os' | 'cpu' | 'libc'> {
  const os = /android|darwin|freebsd|linux|openharmony|win32/.exec(name)?.[0]
  const cpu = /arm64|arm|ia32|ppc64|riscv64|s390x|x64/.exec(name)?.[0]
  if (os === undefined || cpu === undefined) {
    throw new Error(`${name} does not name a platform; the registry should have it, so try npm install again`)
  }
  const libc = os !== 'linux' ? undefined : name.includes('musl') ? 'musl' : name.includes('gnu') ? 'glibc' : undefined
  return { os: [os], cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }) }
}
