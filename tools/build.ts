// Builds what is published: tsc writes packages/*/dist from nothing, so that no file of an earlier build is packed. What was built from the very
// same sources stays.
// usage: node tools/build.ts
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const projects = globSync('packages/*/tsconfig.json', { cwd: root }).map(dirname).toSorted()

/** Names the sources that the last whole build was made from. */
const stampFile = join(root, 'packages/.build-sources')
const sources = hashSources()

if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === sources && projects.every(hasDist)) {
  console.log(`built before from the same sources: ${projects.join(', ')}`)
  process.exit(0)
}

rmSync(stampFile, { force: true })
for (const project of projects) rmSync(join(root, project, 'dist'), { recursive: true, force: true })

const compiler = join(root, 'node_modules/typescript/bin/tsc')
const { status } = spawnSync(process.execPath, [compiler, '--build', ...projects], { cwd: root, stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)

// npm packs a licence only from the package's own folder.
for (const project of projects) {
  const { private: isPrivate } = JSON.parse(readFileSync(join(root, project, 'package.json'), 'utf8'))
  if (isPrivate !== true) copyFileSync(join(root, 'LICENSE'), join(root, project, 'LICENSE'))
}
writeFileSync(stampFile, sources)
console.log(`built ${projects.join(', ')}`)

/** Contents, not times: a checkout gives every file a new one. */
function hashSources(): string {
  const hash = createHash('sha256')
  const patterns = [
    'packages/*/src/**/*.ts',
    'packages/*/{tsconfig,package}.json',
    'tsconfig*.json',
    'package-lock.json',
  ]
  for (const file of globSync(patterns, { cwd: root }).toSorted()) {
    const bytes = readFileSync(join(root, file))
    hash.update(`${file} ${bytes.length}\n`).update(bytes)
  }
  return hash.digest('hex')
}

function hasDist(project: string): boolean {
  return existsSync(join(root, project, 'dist'))
}
