// Makes what is installed where there is no npm: an archive and a Debian package with Node inside, their checksums, and a signature.
// usage: node tools/dist.ts [--help]
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { makeRelease } from './release/make-release.ts'
import type { Architecture } from './release/release-files.ts'
import { openReleaseKey } from './release/sign-release.ts'

const usage = `usage: npm run dist -- [OPTION...]

Writes postern-VERSION-linux-ARCH.tar.gz, postern-hcm_VERSION_ARCH.deb, SHA256SUMS, its signature SHA256SUMS.sig (Ed25519) and the
public key release-key.pub.pem into a folder: serve that with \`postern server --downloads FOLDER\`. Files of other versions and
architectures that lie there stay, and are named in SHA256SUMS again. The same sources give the same bytes.

  --out FOLDER         default: release
  --key FILE           private key, PEM: openssl genpkey -algorithm ed25519 -out FILE
                       default: a development key, made once and kept in .release-key; never for others to trust
  --version VERSION    default: that of packages/cli/package.json
  --arch x64|arm64     default: this machine's
  --node FILE          Node for that architecture; default: the one that npm brought (node_modules/node-linux-ARCH)
  --compression 1-9    1 is quick, 9 (default) is small
  --no-build           takes packages/*/dist as they are
  --help`

const developmentKeyWarning = `
!!! Signed with a DEVELOPMENT KEY (.release-key/development.pem) that was made on this machine and that nothing guards.
!!! Do not give this release to others. With a key of your own: npm run dist -- --key FILE`

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { values } = readArguments()
if (values.help) {
  console.log(usage)
  process.exit(0)
}
try {
  await main()
} catch (error) {
  console.error(`dist: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

async function main(): Promise<void> {
  const architecture = readArchitecture(values.arch ?? process.arch)
  const version = values.version ?? versionOf(join(root, 'packages/cli/package.json'))
  if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$/.test(version)) throw new Error(`"${version}" is no version such as 1.2.3`)
  const nodeBinary = findNode(architecture)
  const key = openReleaseKey(values.key, join(root, '.release-key/development.pem'))
  if (values.build) build()
  const folder = resolve(values.out)
  const written = await makeRelease({
    root,
    folder,
    version,
    architecture,
    nodeBinary,
    key,
    modifiedAt: sourceTime(),
    compressionLevel: readLevel(values.compression),
    onProgress: (line) => console.log(`dist: ${line}`),
  })
  for (const name of written) console.log(join(relative(process.cwd(), folder), name))
  if (key.isDevelopment) console.error(developmentKeyWarning)
}

function readArguments(): ReturnType<typeof parse> {
  try {
    return parse()
  } catch (error) {
    console.error(`dist: ${(error as Error).message}\n\n${usage}`)
    process.exit(2)
  }
}

function parse() {
  return parseArgs({
    options: {
      out: { type: 'string', default: 'release' },
      key: { type: 'string' },
      version: { type: 'string' },
      arch: { type: 'string' },
      node: { type: 'string' },
      compression: { type: 'string', default: '9' },
      build: { type: 'boolean', default: true },
      help: { type: 'boolean', default: false },
    },
    allowNegative: true,
  })
}

function readArchitecture(text: string): Architecture {
  if (text === 'x64' || text === 'arm64') return text
  throw new Error(`there is no release for ${text}; --arch x64 or --arch arm64`)
}

function readLevel(text: string): number {
  if (/^[1-9]$/.test(text)) return Number(text)
  throw new Error(`--compression is 1 to 9, not ${text}`)
}

function findNode(architecture: Architecture): string {
  const name = `node-linux-${architecture}`
  const path = values.node ?? join(root, 'node_modules', name, 'bin/node')
  if (existsSync(path)) return path
  throw new Error(
    `there is no ${path}. npm installs ${name} on linux-${architecture} only: get it elsewhere and say --node FILE`,
  )
}

function build(): void {
  console.log('dist: building packages/*/dist')
  const { status } = spawnSync(process.execPath, [join(root, 'tools/build.ts')], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) throw new Error('the build failed: npm run build')
}

/** https://reproducible-builds.org/specs/source-date-epoch/ */
function sourceTime(): Date {
  const { SOURCE_DATE_EPOCH: given } = process.env
  const seconds = given ?? execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' })
  if (!/^\d+\s*$/.test(seconds)) throw new Error('SOURCE_DATE_EPOCH is not a number of seconds')
  return new Date(Number(seconds) * 1_000)
}

function versionOf(file: string): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
