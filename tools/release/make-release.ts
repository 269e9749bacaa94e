import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, globSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { debianFileName, debianPackage } from './debian-package.ts'
import { below, type ReleaseFile } from './release-file.ts'
import { type Architecture, platformOf, releaseFiles } from './release-files.ts'
import { type ReleaseKey, signText } from './sign-release.ts'
import { writeTar } from './write-tar.ts'

/** Settings of {@link makeRelease}. */
export interface MakeReleaseOptions {
  /** Of the repository, with packages built. */
  readonly root: string
  /** Where the files are written. */
  readonly folder: string
  readonly version: string
  readonly architecture: Architecture
  readonly nodeBinary: string
  readonly key: ReleaseKey
  /** Time of every file in the release. */
  readonly modifiedAt: Date
  readonly compressionLevel: number
  readonly onProgress: (line: string) => void
  /** No Debian package is made. */
  readonly onlyArchive?: true
  /** Makes something else of the files: tests want a release that does not work. */
  readonly change?: (files: readonly ReleaseFile[]) => readonly ReleaseFile[]
}

/** Writes archive, Debian package, checksums, signature and public key; gives their names. */
export async function makeRelease(options: MakeReleaseOptions): Promise<readonly string[]> {
  const { folder, version, architecture, key, onProgress, change = (files) => files } = options
  const files = change(releaseFiles({ ...options, publicPem: key.publicPem }))
  const name = `postern-${version}-${platformOf(architecture)}`
  const written = [`${name}.tar.gz`]
  mkdirSync(folder, { recursive: true })
  onProgress(`${files.length} files; packing ${name}.tar.gz`)
  await into(folder, `${name}.tar.gz`, (path) => writeTar(below(name, files), createWriteStream(path), options))
  if (!options.onlyArchive) {
    const packageName = debianFileName({ version, architecture })
    onProgress(`packing ${packageName}`)
    const bytes = await debianPackage({ root: options.root, version, architecture, files }, options)
    await into(folder, packageName, (path) => writeFileSync(path, bytes))
    written.push(packageName)
  }
  onProgress('checksums and signature')
  const sums = await checksums(folder)
  await into(folder, 'SHA256SUMS', (path) => writeFileSync(path, sums))
  await into(folder, 'SHA256SUMS.sig', (path) => writeFileSync(path, signText(sums, key)))
  await into(folder, 'release-key.pub.pem', (path) => writeFileSync(path, key.publicPem))
  return [...written, 'SHA256SUMS', 'SHA256SUMS.sig', 'release-key.pub.pem']
}

/** Whoever reads the folder meanwhile sees whole files only. */
async function into(folder: string, name: string, write: (path: string) => void | Promise<void>): Promise<void> {
  const path = join(folder, `.${name}.new`)
  await write(path)
  renameSync(path, join(folder, name))
}

/** As sha256sum(1) writes them. */
async function checksums(folder: string): Promise<string> {
  const names = globSync(['postern-*.tar.gz', 'postern-hcm_*.deb'], { cwd: folder }).toSorted()
  const lines = await Promise.all(names.map(async (name) => `${await sha256(join(folder, name))}  ${name}\n`))
  return lines.join('')
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
