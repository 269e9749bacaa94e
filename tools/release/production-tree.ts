import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, realpathSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { copiedFile, type ReleaseFile, textFile } from './release-file.ts'

/** What nobody needs who only runs the programs: types, source maps, sources beside what was built from them. */
const unneeded = /\.(d\.[cm]?ts|map|tsbuildinfo)$|\.(test|contract)\.|(^|\/)(test|tests|test-d|docs|\.github)\//

/**
 * The files of the package `postern` and everything that it needs at run time, as `node_modules` below `folder`. npm says what that is:
 * from what is installed here, which is what the lock names.
 *
 * @param version written into our own packages, which bear one number together
 */
export function productionTree(root: string, folder: string, version: string): ReleaseFile[] {
  const listing = ['ls', '--workspace', 'postern', '--omit=dev', '--all', '--parseable']
  const said = execFileSync('npm', listing, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  const places = said
    .split('\n')
    .map((path) => relative(root, path))
    .filter((path) => path.startsWith(`node_modules${sep}`) && !/(^|\/)(@types\/|undici-types$)/.test(path))
  if (places.length < 10) throw new Error(`npm ls names ${places.length} packages only: is everything installed?`)
  return places.flatMap((place) => packageFiles(join(root, place), `${folder}/${place}`, version))
}

function packageFiles(place: string, to: string, version: string): ReleaseFile[] {
  const from = realpathSync(place)
  const isOurs = existsSync(join(from, 'tsconfig.json')) && existsSync(join(from, 'dist'))
  const wanted = isOurs ? ['dist/**', 'README.md', 'LICENSE'] : ['**']
  const paths = globSync(wanted, { cwd: from, withFileTypes: true, exclude: ['node_modules'] })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(from, join(entry.parentPath, entry.name)))
    .filter((path) => !unneeded.test(path) && !path.endsWith('package.json'))
  const manifest = readFileSync(join(from, 'package.json'), 'utf8')
  const inner = globSync('**/package.json', { cwd: from, exclude: ['node_modules'] }).filter(
    (path) => path !== 'package.json' && !isOurs,
  )
  return [
    textFile(`${to}/package.json`, isOurs ? withVersion(manifest, version) : manifest),
    ...[...paths, ...inner].map((path) => copiedFile(`${to}/${path}`, join(from, path))),
  ]
}

function withVersion(manifest: string, version: string): string {
  return `${JSON.stringify({ ...(JSON.parse(manifest) as object), version }, null, 2)}\n`
}
